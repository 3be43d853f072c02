// SPDX-License-Identifier: MIT
// The tables of encoders and decoders.
#include "systems/kinds.h"

#include <string>

#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/kl_autoencoder/kl_autoencoder.h"
#include "models/residual_vit/residual_vit.h"
#include "models/table_vit/table_vit.h"
#include "models/vit_decoder/vit_decoder.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::systems {
namespace {

using models::FeatureEncoder;
using models::PixelDecoder;

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

// The kinds' names are those of lib/svgen/card_reader.cpp, which has checked them.
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

std::span<const NetworkKind<PixelDecoder>> decoder_kinds() {
  static const NetworkKind<PixelDecoder> kinds[] = {
      network_kind<PixelDecoder, models::ConvDecoder, models::kConvDecoder>("conv"),
      network_kind<PixelDecoder, models::KlDecoder, models::kKlDecoder>("kl"),
      network_kind<PixelDecoder, models::VitDecoder, models::kVitDecoder>("vit"),
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

const NetworkKind<PixelDecoder>& decoder_kind(const Card& card) {
  if (!card.decoder) return decoder_kinds().front();
  return find_kind(decoder_kinds(), card.decoder->kind, card, ModelPart::kDecoder);
}

}  // namespace svgen::systems
