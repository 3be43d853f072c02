// SPDX-License-Identifier: MIT
// Names of tensors without the wrappers that a training puts around a model or its parts.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "weights/state_source.h"

namespace svgen::weights {

/// The name without what data parallelism and averaging ("module."), torch.compile ("_orig_mod."),
/// FSDP and activation checkpointing add, wherever in the name it stands.
std::string unwrapped_name(std::string_view name);

/// The source under such names; itself when no name has a wrapper. WeightsError that names both
/// when two tensors get one name.
std::shared_ptr<StateSource> unwrapped(std::shared_ptr<StateSource> source);

}  // namespace svgen::weights
