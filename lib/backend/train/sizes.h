// SPDX-License-Identifier: MIT
// The sizes of networks that are trained from nothing: the card says them, or a file it names.
#pragma once

#include <cstdint>
#include <span>

#include "engine/model_files.h"
#include "models/component.h"
#include "svgen/error.h"
#include "svgen/trainer.h"

namespace svgen::train {

/// The sizes of a part: from the card alone when it gives all of them and the training starts from
/// nothing, else from the part's file. `latent_channels` is what other parts say, 0 when they say
/// nothing. ConfigurationError naming the keys that are missing when neither says them.
template <typename Config>
Config sizes_of(const models::Component<Config>& component, const engine::ModelFiles& files,
                Initialization initialize, int64_t latent_channels = 0) {
  files.require(component.part);
  const Card& card = files.card();
  if (initialize == Initialization::kModel)
    return component.from_file(card, *files.open(component.part), latent_channels);
  models::MissingKeys missing;
  Config sizes = component.from_card(card, latent_channels, missing);
  if (missing.text().empty()) return sizes;
  if (const auto source = files.open_if_there(component.part))
    return component.from_file(card, *source, latent_channels);
  throw ConfigurationError(
      "the card does not say the sizes of what is to be trained from nothing: add the keys",
      {.expected = missing.text(),
       .found = "neither they nor a weights file to take them from",
       .where = card.path.string()});
}

/// Counts the classes that labels name: the transformer's, else as many as the card has names for.
int64_t label_classes(const engine::ModelFiles& files);
/// ConfigurationError unless each is a class or -1.
void check_labels(std::span<const int64_t> labels, int64_t classes);

}  // namespace svgen::train
