// SPDX-License-Identifier: MIT
// A published system as a row of a table: the denoiser that its cards name, the process that it
// reverses, and how its checkpoints keep several networks.
#pragma once

#include <span>

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

/// All systems that a card may name.
std::span<const System* const> all_systems();

/// The system that a card names. ConfigurationError for an unknown one.
const System& system_of(const Card& card);

/// ConfigurationError unless the trainers can train `part` of the card.
void require_trainable(const Card& card, ModelPart part);

/// The process of a card: its system's, along the path that the card names.
diffusion::Process process_of(const Card& card);

}  // namespace svgen::systems
