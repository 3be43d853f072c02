// SPDX-License-Identifier: MIT
// The classes that labels name.
#include "train/sizes.h"

#include <string>

namespace svgen::train {

int64_t label_classes(const engine::ModelFiles& files) {
  const Card& card = files.card();
  const int64_t classes = card.diffusion && card.diffusion->classes > 0
                              ? card.diffusion->classes
                              : static_cast<int64_t>(card.classes.size());
  if (classes > 0) return classes;
  throw ConfigurationError("the card does not say how many classes the labels name: add a key",
                           {.expected = "diffusion.classes or classes",
                            .found = "neither",
                            .where = card.path.string()});
}

void check_labels(std::span<const int64_t> labels, int64_t classes) {
  for (const int64_t label : labels) {
    if (label >= -1 && label < classes) continue;
    throw ConfigurationError(
        "a label lies outside the model's classes: correct the dataset or \"classes\" of the card",
        {.expected = "-1 (no class) to " + std::to_string(classes - 1),
         .found = std::to_string(label),
         .where = "labels"});
  }
}

}  // namespace svgen::train
