// SPDX-License-Identifier: MIT
// Which model's encoders made stored latents.
#pragma once

#include <string>

#include "svgen/card.h"

namespace svgen {

struct LatentOrigin {
  std::string model;     // the card's name
  std::string checksum;  // SHA-256, lower-case hex; empty: unknown

  bool operator==(const LatentOrigin&) const = default;
};

/// The origin of a card's latents: a checksum over the kinds of its encoder and residual encoder
/// and the contents of their files, whatever these are called. Checksums in the card are taken;
/// files without one are read, each once. The checksum is empty where the card has no encoder or
/// one of the files is not there.
LatentOrigin latent_origin(const Card& card);

}  // namespace svgen
