// SPDX-License-Identifier: MIT
// The networks that the parts of a card may be, by the kind that the card names.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "models/component.h"
#include "models/convention.h"
#include "models/network.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/text.h"
#include "weights/file_layout.h"
#include "weights/state_source.h"

namespace svgen::systems {

/// Describes the network behind a part of a card.
template <typename Protocol>
struct NetworkKind {
  const char* name = "";  // "kind" of the part; empty where a part is one network only
  const weights::Spelling* spelling = nullptr;
  /// The network with the sizes that the card and the headers of `file` give, without weights.
  /// Throws what Component::from_file throws.
  std::unique_ptr<Protocol> (*make)(const Card& card, const weights::StateSource& file,
                                    int64_t latent_channels) = nullptr;
  /// The network with the sizes that the card alone gives; null, and what is missing, where it
  /// leaves some out.
  std::unique_ptr<Protocol> (*make_from_card)(const Card& card, int64_t latent_channels,
                                              models::MissingKeys& missing) = nullptr;
  /// What a training from nothing begins with.
  std::span<const nn::InitialWeightsRule> initial_weights = {};
  bool is_gaussian = false;  // an encoder that gives a posterior
  /// Returns the network's channels as far as the card alone tells, else 0.
  int64_t (*channels)(const Card& card) = nullptr;
};

/// The kind of a network whose Component is `kComponent`.
template <typename Protocol, typename Network, const auto& kComponent>
NetworkKind<Protocol> network_kind(const char* name, int64_t (*channels)(const Card&) = nullptr,
                                   bool is_gaussian = false) {
  return {.name = name,
          .spelling = kComponent.spelling,
          .make = [](const Card& card, const weights::StateSource& file,
                     int64_t latent_channels) -> std::unique_ptr<Protocol> {
            return std::make_unique<Network>(kComponent.from_file(card, file, latent_channels));
          },
          .make_from_card = [](const Card& card, int64_t latent_channels,
                               models::MissingKeys& missing) -> std::unique_ptr<Protocol> {
            const auto sizes = kComponent.from_card(card, latent_channels, missing);
            if (!missing.text().empty()) return nullptr;
            return std::make_unique<Network>(sizes);
          },
          .initial_weights = kComponent.initial_weights,
          .is_gaussian = is_gaussian,
          .channels = channels};
}

/// The system's convention with the prediction that the card names. ConfigurationError where the
/// network cannot give it, or the system's process or the card's path needs another.
models::Convention convention_of(const Card& card, models::Convention of_system, bool can_be_clean);

/// The kind of a denoiser that predicts and counts time by `kConvention`, unless a card says
/// otherwise.
template <typename Network, const auto& kComponent, const auto& kConvention>
NetworkKind<models::Denoiser> denoiser_kind() {
  return {.spelling = kComponent.spelling,
          .make = [](const Card& card, const weights::StateSource& file,
                     int64_t latent_channels) -> std::unique_ptr<models::Denoiser> {
            return std::make_unique<Network>(
                kComponent.from_file(card, file, latent_channels),
                convention_of(
                    card, kConvention, requires { Network::kPredictsCleanData; }));
          },
          .make_from_card = [](const Card& card, int64_t latent_channels,
                               models::MissingKeys& missing) -> std::unique_ptr<models::Denoiser> {
            const auto sizes = kComponent.from_card(card, latent_channels, missing);
            if (!missing.text().empty()) return nullptr;
            return std::make_unique<Network>(
                sizes, convention_of(
                           card, kConvention, requires { Network::kPredictsCleanData; }));
          },
          .initial_weights = kComponent.initial_weights};
}

/// The kind of this name, which lib/svgen/card_reader.cpp has checked. ConfigurationError
/// otherwise.
template <typename Protocol>
const NetworkKind<Protocol>& find_kind(std::span<const NetworkKind<Protocol>> kinds,
                                       const std::string& name, const Card& card, ModelPart part) {
  for (const NetworkKind<Protocol>& kind : kinds)
    if (name == kind.name) return kind;
  throw ConfigurationError(
      std::string("the card names a kind of ") + part_key(part) + " that is not known here",
      {.expected = "one of " + joined(kinds, ", ", &NetworkKind<Protocol>::name),
       .found = name,
       .where = card.path.string()});
}

/// All encoders and decoders that a card may name.
std::span<const NetworkKind<models::FeatureEncoder>> encoder_kinds();
std::span<const NetworkKind<models::PixelDecoder>> decoder_kinds();
const NetworkKind<models::FeatureEncoder>& residual_kind();

/// Those that a card names; the first of their table for a card without the part.
const NetworkKind<models::FeatureEncoder>& encoder_kind(const Card& card);
const NetworkKind<models::PixelDecoder>& decoder_kind(const Card& card);

}  // namespace svgen::systems
