// SPDX-License-Identifier: MIT
// The weight files behind a card's roles.
#include "engine/model_files.h"

#include "data/sha256.h"
#include "svgen/error.h"
#include "weights/sharded_source.h"

namespace svgen::engine {
namespace {

using weights::Role;

constexpr Role kRoles[] = {Role::kEncoder, Role::kResidual, Role::kDecoder, Role::kDiffusion,
                           Role::kStatistics};

}  // namespace

ModelFiles::Entry ModelFiles::entry(Role role) const {
  const auto with_prefix = [](const char* key, const auto& config) {
    return config ? Entry{key, &config->source, config->prefix} : Entry{key};
  };
  switch (role) {
    case Role::kEncoder:
      return with_prefix("encoder", card_.encoder);
    case Role::kResidual:
      return with_prefix("residual", card_.residual);
    case Role::kDecoder:
      return with_prefix("decoder", card_.decoder);
    case Role::kDiffusion:
      return with_prefix("diffusion", card_.diffusion);
    case Role::kStatistics:
      break;
  }
  return {"statistics", card_.statistics ? &*card_.statistics : nullptr};
}

bool ModelFiles::names(Role role) const {
  return entry(role).reference != nullptr;
}

void ModelFiles::require(Role role) const {
  if (names(role)) return;
  std::string present;
  for (const Role other : kRoles) {
    if (names(other)) present += (present.empty() ? "" : ", ") + std::string(entry(other).key);
  }
  const std::string key = entry(role).key;
  throw ConfigurationError(
      "the card of model " + card_.name + " has no \"" + key +
          "\": choose a model that has one, or add the key",
      {"key " + key, present.empty() ? "no role" : "only " + present, card_.path.string()});
}

std::shared_ptr<weights::StateSource> ModelFiles::open(Role role) const {
  require(role);
  const Entry found = entry(role);
  const std::filesystem::path file = card_.locate(*found.reference);
  weights::refuse_shard(file);
  // Statistics carry more than the published two tensors, all under plain names.
  return role == Role::kStatistics ? weights::open_weights(file)
                                   : weights::open_role(file, role, found.prefix);
}

std::shared_ptr<weights::StateSource> ModelFiles::open_if_there(Role role) const {
  if (!names(role)) return nullptr;
  try {
    return open(role);
  } catch (const IoError&) {
    return nullptr;  // whoever needs the file will be told
  }
}

void ModelFiles::verify(Role role) const {
  require(role);
  const FileReference& wanted = *entry(role).reference;
  for (const Role other : kRoles) {
    const FileReference* reference = entry(other).reference;
    if (reference == nullptr || reference->file != wanted.file || reference->sha256.empty()) {
      continue;
    }
    check_sha256(card_.locate(wanted), reference->sha256);
  }
}

}  // namespace svgen::engine
