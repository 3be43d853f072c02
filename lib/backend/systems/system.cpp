// SPDX-License-Identifier: MIT
// The table of systems.
#include "systems/system.h"

#include <string>
#include <vector>

#include "svgen/error.h"
#include "svgen/suggest.h"
#include "svgen/text.h"

namespace svgen::systems {

extern const System kSvg, kSit, kDit, kRepa, kLightningDit, kRae, kRitSystem;

namespace {

constexpr const System* kSystems[] = {&kSvg,          &kDit, &kSit,      &kRepa,
                                      &kLightningDit, &kRae, &kRitSystem};

}  // namespace

std::span<const System* const> all_systems() {
  return kSystems;
}

const System& system_of(const Card& card) {
  for (const System* system : kSystems)
    if (card.system == system->name) return *system;
  std::vector<std::string> names;
  for (const System* system : kSystems) names.emplace_back(system->name);
  const std::string near = suggestion(card.system, names);
  throw ConfigurationError(
      "the card names a system that is not known here" + (near.empty() ? near : "; " + near),
      {.expected = "one of " + joined(names, ", "),
       .found = card.system,
       .where = card.path.string() + ", system"});
}

diffusion::Objective objective_of(const Card& card) {
  const System& system = system_of(card);
  if (system.objective) return *system.objective;
  std::vector<std::string> names;
  for (const System* other : kSystems)
    if (other->objective) names.emplace_back(other->name);
  throw ConfigurationError(
      "the transformer of this card can be used, but not trained here",
      {.expected = "a card of a system whose loss is known here: " + joined(names, ", "),
       .found = card.system,
       .where = card.path.string()});
}

models::Convention convention_of(const Card& card, models::Convention of_system,
                                 bool can_be_clean) {
  if (!card.diffusion || card.diffusion->prediction.empty()) return of_system;
  if (of_system.prediction == models::Prediction::kNoise || !can_be_clean ||
      card.diffusion->path == "gvp")
    throw ConfigurationError(
        "this transformer cannot predict clean data: that goes with DiT's layers and a straight "
        "path",
        {.expected = "no \"diffusion.prediction\"",
         .found = card.diffusion->prediction,
         .where = card.path.string()});
  of_system.prediction = models::Prediction::kCleanData;
  return of_system;
}

diffusion::Process process_of(const Card& card) {
  diffusion::Process process = system_of(card).process;
  if (!card.diffusion || card.diffusion->path.empty()) return process;
  if (process.path == diffusion::Path::kDiffusion)
    throw ConfigurationError("the system of the card has no path to choose: leave the key out",
                             {.expected = "no \"diffusion.path\" in a card of " + card.system,
                              .found = card.diffusion->path,
                              .where = card.path.string()});
  process.path = card.diffusion->path == "gvp" ? diffusion::Path::kGvp : diffusion::Path::kStraight;
  return process;
}

}  // namespace svgen::systems
