// SPDX-License-Identifier: MIT
// The card beside a checkpoint's export: the model's own card with the trained roles in the new
// file.
#pragma once

#include <initializer_list>
#include <string>

#include "svgen/card.h"

namespace svgen::train {

struct TrainedRole {
  const char* key;     // of the card
  const char* prefix;  // of its tensors in the export
};

/// JSON text. The files of all other roles become absolute where they can be found.
std::string exported_card(const Card& card, std::initializer_list<TrainedRole> trained);

}  // namespace svgen::train
