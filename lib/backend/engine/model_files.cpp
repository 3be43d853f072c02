// SPDX-License-Identifier: MIT
// The weight files behind the parts of a card.
#include "engine/model_files.h"

#include "data/sha256.h"
#include "svgen/error.h"
#include "systems/files.h"
#include "weights/network_source.h"
#include "weights/sharded_source.h"

namespace svgen::engine {
namespace {

using enum ModelPart;

constexpr ModelPart kParts[] = {kEncoder, kResidual, kDecoder, kDiffusion, kStatistics};

}  // namespace

ModelFiles::Entry ModelFiles::entry(ModelPart part) const {
  const auto with_prefix = [](const auto& config) {
    return config ? Entry{&config->source, config->prefix} : Entry{};
  };
  switch (part) {
    case kEncoder:
      return with_prefix(card_.encoder);
    case kResidual:
      return with_prefix(card_.residual);
    case kDecoder:
      return with_prefix(card_.decoder);
    case kDiffusion:
      return with_prefix(card_.diffusion);
    case kStatistics:
      break;
  }
  return {card_.statistics ? &*card_.statistics : nullptr, {}};
}

bool ModelFiles::names(ModelPart part) const {
  return entry(part).reference != nullptr;
}

ModelFiles::Entry ModelFiles::required(ModelPart part) const {
  Entry found = entry(part);
  if (found.reference != nullptr) return found;
  std::string present;
  for (const ModelPart other : kParts)
    if (names(other)) present += (present.empty() ? "" : ", ") + std::string(part_key(other));
  const std::string key = part_key(part);
  throw ConfigurationError("the card of model " + card_.name + " has no \"" + key +
                               "\": choose a model that has one, or add the key",
                           {.expected = "key " + key,
                            .found = present.empty() ? "no part" : "only " + present,
                            .where = card_.path.string()});
}

void ModelFiles::require(ModelPart part) const {
  required(part);
}

std::shared_ptr<weights::StateSource> ModelFiles::open(ModelPart part) const {
  const Entry found = required(part);
  const std::filesystem::path file = card_.locate(*found.reference);
  weights::refuse_shard(file);
  const weights::Spelling* spelling = systems::spelling_of(card_, part);
  // Statistics carry more than the published two tensors, all under plain names.
  return spelling == nullptr ? weights::open_weights(file)
                             : weights::open_network(file, *spelling, found.prefix,
                                                     systems::checkpoint_of(system_));
}

std::shared_ptr<weights::StateSource> ModelFiles::open_if_there(ModelPart part) const {
  if (!names(part)) return nullptr;
  try {
    return open(part);
  } catch (const IoError&) {
    return nullptr;  // whoever needs the file will be told
  }
}

void ModelFiles::verify(ModelPart part) const {
  const FileReference& wanted = *required(part).reference;
  for (const ModelPart other : kParts) {
    const FileReference* reference = entry(other).reference;
    if (reference == nullptr || reference->file != wanted.file || reference->sha256.empty())
      continue;
    check_sha256(card_.locate(wanted), reference->sha256);
  }
}

}  // namespace svgen::engine
