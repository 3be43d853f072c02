// SPDX-License-Identifier: MIT
// The card beside a checkpoint's export: the model's own card with the trained parts in the new
// file.
#pragma once

#include <string>
#include <vector>

#include "svgen/card.h"

namespace svgen::train {

struct TrainedRole {
  const char* key;     // of the card
  const char* prefix;  // of its tensors in the export
};

/// Returns JSON text. The files of all other parts become absolute where they can be found.
/// `class_names`, those of the data, are added where the card has none and as many classes.
std::string exported_card(const Card& card, const std::vector<TrainedRole>& trained,
                          const std::vector<std::string>& class_names = {});

}  // namespace svgen::train
