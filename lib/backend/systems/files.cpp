// SPDX-License-Identifier: MIT
// Collects what the rows of the tables say of files.
#include "systems/files.h"

#include <set>

#include "latent/stats_file.h"

namespace svgen::systems {

const weights::Spelling* spelling_of(const Card& card, ModelPart part) {
  switch (part) {
    case ModelPart::kEncoder:
      return encoder_kind(card).spelling;
    case ModelPart::kResidual:
      return residual_kind().spelling;
    case ModelPart::kDecoder:
      return decoder_kind(card).spelling;
    case ModelPart::kDiffusion:
      return system_of(card).diffusion.spelling;
    case ModelPart::kStatistics:
      break;
  }
  return nullptr;
}

const weights::FileLayout& checkpoint_of(const System& system) {
  static const weights::FileLayout none = {"", {}};
  return system.checkpoint == nullptr ? none : system.checkpoint();
}

std::vector<weights::FileLayout> file_layouts() {
  std::vector<weights::FileLayout> layouts;
  for (const System* system : all_systems())
    if (system->checkpoint != nullptr) layouts.push_back(system->checkpoint());
  std::set<const weights::Spelling*> added;
  const auto add_alone = [&](const weights::Spelling& spelling) {
    if (!added.insert(&spelling).second) return;
    for (const weights::KeyFamily& family : spelling.families)
      layouts.push_back({family.title, {{spelling.network, "", &family}}});
  };
  for (const auto& kind : encoder_kinds()) add_alone(*kind.spelling);
  add_alone(*residual_kind().spelling);
  for (const auto& kind : decoder_kinds()) add_alone(*kind.spelling);
  for (const System* system : all_systems()) add_alone(*system->diffusion.spelling);
  add_alone(latent::kStatisticsSpelling);
  return layouts;
}

}  // namespace svgen::systems
