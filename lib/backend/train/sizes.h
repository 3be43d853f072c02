// SPDX-License-Identifier: MIT
// Networks that are trained from nothing: the card says their sizes, or a file it names.
#pragma once

#include <memory>

#include "engine/model_files.h"
#include "models/component.h"
#include "svgen/trainer.h"
#include "systems/kinds.h"

namespace svgen::train {

/// What `from_card` makes of the card, when that says enough and the training starts from nothing,
/// else what `from_file` makes of the part's file. ConfigurationError naming the keys that are
/// missing when neither is there.
template <typename FromCard, typename FromFile>
auto made_from(const engine::ModelFiles& files, ModelPart part, Initialization initialize,
               const FromCard& from_card, const FromFile& from_file) {
  files.require(part);
  if (initialize == Initialization::kModel) return from_file(*files.open(part));
  models::MissingKeys missing;
  auto made = from_card(missing);
  if (missing.text().empty()) return made;
  if (const auto source = files.open_if_there(part)) return from_file(*source);
  throw ConfigurationError(
      "the card does not say the sizes of what is to be trained from nothing: add the keys",
      {.expected = missing.text(),
       .found = "neither they nor a weights file to take them from",
       .where = files.card().path.string()});
}

/// The sizes of a part. `latent_channels` is what other parts say, 0 when they say nothing.
template <typename Config>
Config sizes_of(const models::Component<Config>& component, const engine::ModelFiles& files,
                Initialization initialize, int64_t latent_channels = 0) {
  const Card& card = files.card();
  return made_from(
      files, component.part, initialize,
      [&](models::MissingKeys& missing) {
        return component.from_card(card, latent_channels, missing);
      },
      [&](const weights::StateSource& file) {
        return component.from_file(card, file, latent_channels);
      });
}

/// The network of a part, without weights.
template <typename Protocol>
std::unique_ptr<Protocol> network_of(const systems::NetworkKind<Protocol>& kind, ModelPart part,
                                     const engine::ModelFiles& files, Initialization initialize,
                                     int64_t latent_channels = 0) {
  const Card& card = files.card();
  return made_from(
      files, part, initialize,
      [&](models::MissingKeys& missing) {
        return kind.make_from_card(card, latent_channels, missing);
      },
      [&](const weights::StateSource& file) { return kind.make(card, file, latent_channels); });
}

/// Counts the classes that labels name: the transformer's, else as many as the card has names for.
int64_t label_classes(const engine::ModelFiles& files);
/// ConfigurationError unless each is a class or -1.
void check_labels(std::span<const int64_t> labels, int64_t classes);

}  // namespace svgen::train
