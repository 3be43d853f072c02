// SPDX-License-Identifier: MIT
// Tensors in memory, read like those of a file.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weights/state_source.h"

namespace svgen::weights {

/// `path` stands for the tensors in messages. They may be on any device.
std::shared_ptr<StateSource> memory_source(std::filesystem::path path,
                                           std::vector<std::pair<std::string, at::Tensor>> tensors);

}  // namespace svgen::weights
