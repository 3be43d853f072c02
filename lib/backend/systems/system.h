// SPDX-License-Identifier: MIT
// A published system as a row of a table: the denoiser that its cards name, the process that it
// reverses, and how its checkpoints keep several networks.
#pragma once

#include <optional>
#include <span>

#include "diffusion/objective.h"
#include "diffusion/process.h"
#include "systems/kinds.h"

namespace svgen::systems {

struct System {
  const char* name;  // "system" of the card
  NetworkKind<models::Denoiser> diffusion;
  diffusion::Process process = {};
  /// What its training minimises; none: it is not trained here.
  std::optional<diffusion::Objective> objective = {};
  /// The published file that holds several networks; null: each has a file of its own.
  const weights::FileLayout& (*checkpoint)() = nullptr;
};

/// All systems that a card may name.
std::span<const System* const> all_systems();

/// The system that a card names. ConfigurationError for an unknown one.
const System& system_of(const Card& card);

/// The objective of the card's system. ConfigurationError for one that is not trained here.
diffusion::Objective objective_of(const Card& card);

/// The process of a card: its system's, along the path that the card names.
diffusion::Process process_of(const Card& card);

}  // namespace svgen::systems
