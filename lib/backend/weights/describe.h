// SPDX-License-Identifier: MIT
// Describes the contents of a weights file as text for people.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "weights/file_layout.h"

namespace svgen::weights {

/// Lists a line for each tensor, the totals, the kind of file (the one of `layouts` that knows most
/// of the names), and what is missing or surplus for that kind. IoError as open_weights.
std::string describe_weights(const std::filesystem::path& file,
                             std::span<const FileLayout> layouts);

}  // namespace svgen::weights
