// SPDX-License-Identifier: MIT
// A published system as a row of a table: the networks that the parts of its cards are, and how its
// checkpoints keep them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/component.h"
#include "models/network.h"
#include "svgen/card.h"
#include "weights/file_layout.h"
#include "weights/state_source.h"

namespace svgen::systems {

/// Describes the network behind a part of a card. Empty functions: the system has no such part.
template <typename Protocol>
struct NetworkKind {
  const weights::Spelling* spelling = nullptr;
  /// The network with the sizes that the card and the headers of `file` give, without weights.
  /// Throws what Component::from_file throws.
  std::unique_ptr<Protocol> (*make)(const Card& card, const weights::StateSource& file,
                                    int64_t latent_channels) = nullptr;
  /// Returns the network's channels as far as the card alone tells, else 0.
  int64_t (*channels)(const Card& card) = nullptr;
};

/// The kind of a network whose Component is `kComponent`.
template <typename Protocol, typename Network, const auto& kComponent>
NetworkKind<Protocol> network_kind(int64_t (*channels)(const Card&) = nullptr) {
  return {.spelling = kComponent.spelling,
          .make = [](const Card& card, const weights::StateSource& file,
                     int64_t latent_channels) -> std::unique_ptr<Protocol> {
            return std::make_unique<Network>(kComponent.from_file(card, file, latent_channels));
          },
          .channels = channels};
}

struct System {
  const char* name;  // "system" of the card
  NetworkKind<models::FeatureEncoder> encoder, residual;
  NetworkKind<models::PixelDecoder> decoder;
  NetworkKind<models::Denoiser> diffusion;
  /// The published file that holds several of them.
  const weights::FileLayout& (*checkpoint)();

  /// Returns the spelling of a part's tensors; null for a part that is no network.
  const weights::Spelling* spelling(ModelPart part) const;
};

/// The system that a card names. ConfigurationError for an unknown one.
const System& system_of(const Card& card);

/// Every kind of file that is known: the systems' checkpoints, then each network alone in each of
/// its spellings, then latent statistics.
std::vector<weights::FileLayout> file_layouts();

}  // namespace svgen::systems
