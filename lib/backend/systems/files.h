// SPDX-License-Identifier: MIT
// How the parts of systems are spelled and laid out in weights files.
#pragma once

#include <vector>

#include "systems/system.h"

namespace svgen::systems {

/// The spelling of a part's tensors; null for a part that is no network.
const weights::Spelling* spelling_of(const Card& card, ModelPart part);

/// The layout of a system's checkpoint, empty where it has none.
const weights::FileLayout& checkpoint_of(const System& system);

/// Every kind of file that is known: the systems' checkpoints, then each network alone in each of
/// its spellings, then latent statistics.
std::vector<weights::FileLayout> file_layouts();

}  // namespace svgen::systems
