// SPDX-License-Identifier: MIT
// The sampler's settings as options, of the commands that run it.
#pragma once

#include <string>
#include <vector>

#include "options.h"
#include "svgen/card.h"

namespace svgen::cli {

/// Appends an option for each setting of the sampler. The property of the same name of `element`
/// checks its value; empty: of any element.
void append_sampling_options(std::vector<Option>& options, const std::string& element);

/// The element checks the value of --classes in the same way, but only after the model was loaded.
/// ConfigurationError for a class that the card does not have.
void check_classes(const Card& card, const std::string& text);

}  // namespace svgen::cli
