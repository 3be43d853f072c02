// SPDX-License-Identifier: MIT
// One network of a weights file under the names of its module, whatever the file's spelling.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "weights/file_layout.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// The tensors of a network, spelled as its module spells them, without prefix. `prefix` selects
/// them ("encoder."); empty means that of the network in a `checkpoint` of several. When no name of
/// the file starts with it, the whole file is the network, less what the checkpoint keeps for
/// others under its name. `checkpoint` must stay. IoError, WeightsError as open_weights.
std::shared_ptr<StateSource> open_network(const std::filesystem::path& file,
                                          const Spelling& spelling, const std::string& prefix,
                                          const FileLayout& checkpoint);

}  // namespace svgen::weights
