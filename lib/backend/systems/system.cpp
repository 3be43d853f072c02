// SPDX-License-Identifier: MIT
// The table of systems.
#include "systems/system.h"

#include <string>

#include "latent/stats_file.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::systems {

extern const System kSvg;

namespace {

constexpr const System* kSystems[] = {&kSvg};

constexpr ModelPart kNetworks[] = {ModelPart::kEncoder, ModelPart::kResidual, ModelPart::kDecoder,
                                   ModelPart::kDiffusion};

}  // namespace

const weights::Spelling* System::spelling(ModelPart part) const {
  switch (part) {
    case ModelPart::kEncoder:
      return encoder.spelling;
    case ModelPart::kResidual:
      return residual.spelling;
    case ModelPart::kDecoder:
      return decoder.spelling;
    case ModelPart::kDiffusion:
      return diffusion.spelling;
    case ModelPart::kStatistics:
      break;
  }
  return nullptr;
}

const System& system_of(const Card& card) {
  for (const System* system : kSystems)
    if (card.system == system->name) return *system;
  throw ConfigurationError("the card names a system that is not known here",
                           {.expected = "one of " + joined(kSystems, ", ", &System::name),
                            .found = card.system,
                            .where = card.path.string() + ", system"});
}

std::vector<weights::FileLayout> file_layouts() {
  std::vector<weights::FileLayout> layouts;
  const auto add_alone = [&](const weights::Spelling& spelling) {
    for (const weights::KeyFamily& family : spelling.families)
      layouts.push_back({family.title, {{spelling.network, "", &family}}});
  };
  for (const System* system : kSystems) layouts.push_back(system->checkpoint());
  for (const System* system : kSystems)
    for (const ModelPart part : kNetworks) add_alone(*system->spelling(part));
  add_alone(latent::kStatisticsSpelling);
  return layouts;
}

}  // namespace svgen::systems
