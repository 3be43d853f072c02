// SPDX-License-Identifier: MIT
// A checksum over a card's encoders.
#include "data/latent_origin.h"

#include <span>
#include <sstream>

#include "data/sha256.h"
#include "svgen/error.h"

namespace svgen {
namespace {

std::string digest_of(const Card& card, const FileReference& file) {
  if (!file.sha256.empty()) return file.sha256;
  std::filesystem::path path;
  try {
    path = card.locate(file);
  } catch (const IoError&) {
    return "";  // whoever needs it will be told
  }
  return sha256_of_file(path);
}

}  // namespace

LatentOrigin latent_origin(const Card& card) {
  std::ostringstream text;
  text << "cell " << card.patch << '\n';
  if (card.encoder) {
    const EncoderConfig& e = *card.encoder;
    text << "encoder " << e.kind << ' ' << e.prefix << ' ' << digest_of(card, e.source)
         << (e.affine.value_or(true) ? "" : " no affine") << '\n';
  }
  if (card.residual)
    text << "residual " << card.residual->prefix << ' ' << digest_of(card, card.residual->source)
         << '\n';
  Sha256 sum;
  const std::string all = text.str();
  sum.update(std::as_bytes(std::span(all)));
  return {card.name, sum.digest()};
}

}  // namespace svgen
