// SPDX-License-Identifier: MIT
// A published system as a row of a table: the denoiser that its cards name, the process that it
// reverses, and how its checkpoints keep several networks.
#pragma once

#include <vector>

#include "diffusion/process.h"
#include "systems/kinds.h"

namespace svgen::systems {

struct System {
  const char* name;  // "system" of the card
  NetworkKind<models::Denoiser> diffusion;
  diffusion::Process process = {};
  /// Whether the trainers know the loss and the parts of this system.
  bool can_be_trained = false;
  /// The published file that holds several networks; null: each has a file of its own.
  const weights::FileLayout& (*checkpoint)() = nullptr;
};

/// The system that a card names. ConfigurationError for an unknown one.
const System& system_of(const Card& card);

/// ConfigurationError unless the trainers can train `part` of the card.
void require_trainable(const Card& card, ModelPart part);

/// The process of a card: its system's, along the path that the card names.
diffusion::Process process_of(const Card& card);

/// The spelling of a part's tensors; null for a part that is no network.
const weights::Spelling* spelling_of(const Card& card, ModelPart part);

/// The layout of a system's checkpoint, empty where it has none.
const weights::FileLayout& checkpoint_of(const System& system);

/// Every kind of file that is known: the systems' checkpoints, then each network alone in each of
/// its spellings, then latent statistics.
std::vector<weights::FileLayout> file_layouts();

}  // namespace svgen::systems
