// SPDX-License-Identifier: MIT
// The table of encoders.
#include "systems/kinds.h"

#include "models/dinov3/dinov3.h"
#include "models/kl_autoencoder/kl_autoencoder.h"
#include "models/residual_vit/residual_vit.h"
#include "models/table_vit/table_vit.h"

namespace svgen::systems {
namespace {

using models::FeatureEncoder;

template <const auto& kComponent>
int64_t preset_width(const Card& card) {
  if (card.encoder->width > 0) return card.encoder->width;
  const auto* preset = kComponent.find_preset(card.encoder->preset);
  return preset == nullptr ? 0 : preset->width;
}

int64_t latent_channels(const Card& card) {
  return card.latent_channels;
}

int64_t residual_channels(const Card& card) {
  return card.residual->outputs;
}

}  // namespace

std::span<const NetworkKind<FeatureEncoder>> encoder_kinds() {
  static const NetworkKind<FeatureEncoder> kinds[] = {
      network_kind<FeatureEncoder, models::DinoV3, models::kDinoV3>("dinov3",
                                                                    preset_width<models::kDinoV3>),
      network_kind<FeatureEncoder, models::TableVit, models::kDinoV2>(
          "dinov2", preset_width<models::kDinoV2>),
      network_kind<FeatureEncoder, models::TableVit, models::kMae>("mae",
                                                                   preset_width<models::kMae>),
      network_kind<FeatureEncoder, models::TableVit, models::kSiglip2>(
          "siglip2", preset_width<models::kSiglip2>),
      network_kind<FeatureEncoder, models::KlEncoder, models::kKlEncoder>("kl", latent_channels,
                                                                          true),
  };
  return kinds;
}

const NetworkKind<FeatureEncoder>& residual_kind() {
  static const auto kind = network_kind<FeatureEncoder, models::ResidualVit, models::kResidualVit>(
      "", residual_channels);
  return kind;
}

const NetworkKind<FeatureEncoder>& encoder_kind(const Card& card) {
  if (!card.encoder) return encoder_kinds().front();
  return find_kind(encoder_kinds(), card.encoder->kind, card, ModelPart::kEncoder);
}

}  // namespace svgen::systems
