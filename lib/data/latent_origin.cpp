// SPDX-License-Identifier: MIT
// A checksum over a card's encoders.
#include "data/latent_origin.h"

#include <span>
#include <sstream>

#include "data/sha256.h"
#include "svgen/error.h"

namespace svgen {
namespace {

// The digest of a file; empty where it is not there.
std::string digest_of(const Card& card, const FileReference& file) {
  if (!file.sha256.empty()) return file.sha256;
  try {
    return known_sha256(card.locate(file));
  } catch (const IoError&) {
    return "";  // whoever needs it will be told
  }
}

}  // namespace

LatentOrigin latent_origin(const Card& card) {
  LatentOrigin origin{card.name, ""};
  if (!card.encoder) return origin;
  const std::string encoder = digest_of(card, card.encoder->source);
  if (encoder.empty()) return origin;
  std::ostringstream text;
  text << "cell " << card.patch << "\nencoder " << card.encoder->kind << ' ' << card.encoder->prefix
       << ' ' << encoder << (card.encoder->affine.value_or(true) ? "" : " no affine") << '\n';
  if (card.residual) {
    const std::string residual = digest_of(card, card.residual->source);
    if (residual.empty()) return origin;
    text << "residual " << card.residual->prefix << ' ' << residual << '\n';
  }
  Sha256 sum;
  const std::string all = text.str();
  sum.update(std::as_bytes(std::span(all)));
  origin.checksum = sum.digest();
  return origin;
}

}  // namespace svgen
