// SPDX-License-Identifier: MIT
// The one place where exceptions become element errors, and where texts of any bytes become those
// of messages.
#pragma once

#include <gst/gst.h>

#include <string>

#include "svgen/error.h"

namespace svgen::gst {

/// Posts the exception being handled as an error message of `element`: the headline says what to
/// do; the debug text and the message's details structure carry expected, found and where.
void post_current_exception(GstElement* element) noexcept;

/// Returns a text as messages, structures and JSON take it: valid UTF-8 stays as it is (a program
/// may want to open the file that it names), in other text what cannot be printed becomes \xNN.
std::string bus_text(const std::string& text);

/// Posts a warning of `element`; the texts may be of any bytes.
void warn(GstElement* element, GQuark domain, gint code, const std::string& text,
          const std::string& debug);

/// Sets a text field of a structure; the text may be of any bytes.
void set_text(GstStructure* structure, const char* name, const std::string& text);

}  // namespace svgen::gst
