// SPDX-License-Identifier: MIT
// The named numbers a training step yields.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace svgen::train {

/// "loss" comes first.
using Metrics = std::vector<std::pair<std::string, double>>;

}  // namespace svgen::train
