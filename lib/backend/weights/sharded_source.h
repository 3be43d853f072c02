// SPDX-License-Identifier: MIT
// Weights in several files, named by an index: model.safetensors.index.json and its kin.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "data/mapped_file.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// Whether the file is JSON text, as an index is.
bool is_json(const MappedFile& file);

/// The tensors of all shards that the index ({"weight_map": {tensor: file}}) names, which lie
/// beside it; `open_shard` opens one. IoError when it is no index, names anything but plain files,
/// when a shard is missing or lacks a promised tensor, or when two shards hold one tensor.
std::shared_ptr<StateSource> open_sharded(
    const MappedFile& index,
    const std::function<std::shared_ptr<StateSource>(const std::filesystem::path&)>& open_shard);

/// Throws IoError for one file of several ("m-00001-of-00002.safetensors") and names the index.
void refuse_shard(const std::filesystem::path& file);

}  // namespace svgen::weights
