// SPDX-License-Identifier: MIT
// What is in a weights file, as text for people.
#pragma once

#include <filesystem>
#include <string>

namespace svgen::weights {

/// One line for each tensor, the totals, the kind of file recognised by its names, and what is
/// missing or surplus for that kind. IoError as open_weights.
std::string describe_weights(const std::filesystem::path& file);

}  // namespace svgen::weights
