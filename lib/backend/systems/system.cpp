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

void require_trainable(const Card& card, ModelPart part) {
  const auto refuse = [&](const std::string& expected, const std::string& found) {
    throw ConfigurationError(
        std::string("the ") + part_key(part) + " of this card can be used, but not trained here",
        {.expected = expected, .found = found, .where = card.path.string()});
  };
  if (part == ModelPart::kDiffusion && !system_of(card).can_be_trained)
    refuse("a card of a system whose loss is known here: svg", card.system);
  const bool has_other_encoder = card.encoder && card.encoder->kind != encoder_kinds()[0].name;
  if (part != ModelPart::kDiffusion && has_other_encoder)
    refuse(std::string("encoder.kind ") + encoder_kinds()[0].name, card.encoder->kind);
  const bool has_other_decoder = card.decoder && card.decoder->kind != decoder_kinds()[0].name;
  if (part == ModelPart::kDecoder && has_other_decoder)
    refuse(std::string("decoder.kind ") + decoder_kinds()[0].name, card.decoder->kind);
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
