// SPDX-License-Identifier: MIT
// Explains why tensors that a model needs may be missing from a file.
#pragma once

#include <string>

#include "weights/state_source.h"

namespace svgen::weights {

/// Returns what the names in a file say about how it was made, and what to do; empty when nothing.
std::string trace_of(const StateSource& source);

/// Advises on a file that lacks the tensor `missing` (empty: no one name): the prefix to put into
/// the card when all names have it, or what the other names say about how the file was made.
std::string advice(const StateSource& source, const std::string& missing);

}  // namespace svgen::weights
