// SPDX-License-Identifier: MIT
// The safetensors container: a length, a JSON header, and the tensors' bytes one after another.
#pragma once

#include <utility>

#include "data/mapped_file.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// Whether the file starts as a safetensors file does: a length of less than 4 GiB and then an
/// opening brace.
bool is_safetensors(const MappedFile& file);

/// The tensors of a safetensors file in the order of its header. IoError when anything in the
/// header contradicts itself or the file's size, or tensors overlap or leave gaps.
std::shared_ptr<StateSource> open_safetensors(std::shared_ptr<const MappedFile> file);

/// Writes a safetensors file under a temporary name, flushes it to the disk and renames it, so
/// that `path` holds either the old file or the whole new one. The bytes depend on the tensors
/// alone: larger elements first (which keeps all aligned), then by name. IoError when the disk
/// refuses, WeightsError for a repeated name, an undefined tensor or a dtype without a name here.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors);

}  // namespace svgen::weights
