// SPDX-License-Identifier: MIT
// Recognises by their content files that often lie where weights should.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace svgen::weights {

/// Says in words what `bytes`, which no reader here takes, seem to be, and what to do with them: "a
/// GGUF file: fetch the safetensors or PyTorch version".
std::string foreign_file(std::string_view bytes);

/// Says so of a zip archive that is none of torch.save, by the names in it.
std::string foreign_archive(const std::vector<std::string>& names);

}  // namespace svgen::weights
