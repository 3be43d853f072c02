// SPDX-License-Identifier: MIT
// The table of decoders.
#include "models/conv_decoder/conv_decoder.h"
#include "models/kl_autoencoder/kl_autoencoder.h"
#include "models/vit_decoder/vit_decoder.h"
#include "systems/kinds.h"

namespace svgen::systems {

using models::PixelDecoder;

std::span<const NetworkKind<PixelDecoder>> decoder_kinds() {
  static const NetworkKind<PixelDecoder> kinds[] = {
      network_kind<PixelDecoder, models::ConvDecoder, models::kConvDecoder>("conv"),
      network_kind<PixelDecoder, models::KlDecoder, models::kKlDecoder>("kl"),
      network_kind<PixelDecoder, models::VitDecoder, models::kVitDecoder>("vit"),
  };
  return kinds;
}

const NetworkKind<PixelDecoder>& decoder_kind(const Card& card) {
  if (!card.decoder) return decoder_kinds().front();
  return find_kind(decoder_kinds(), card.decoder->kind, card, ModelPart::kDecoder);
}

}  // namespace svgen::systems
