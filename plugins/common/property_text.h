// SPDX-License-Identifier: MIT
// Sets properties from text, strictly, and says in words what they take.
#pragma once

#include <gst/gst.h>

#include <string>

namespace svgen::gst {

/// Returns what a property takes, in words: "1 to 10000", "euler, heun", "true or false".
std::string values_of(GParamSpec* spec);

/// Sets a property from text as a user wrote it: numbers within their range and nothing behind
/// them, choices by name, strings as they are (empty ones unset). ConfigurationError says what the
/// property takes; `where` is what the user set.
void set_from_text(GObject* object, GParamSpec* spec, const std::string& text,
                   const std::string& where);

}  // namespace svgen::gst
