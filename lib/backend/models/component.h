// SPDX-License-Identifier: MIT
// Describes a network besides its arithmetic, in one place for inference, training and
// descriptions: its published sizes, its sizes in a card or a file, the names of its tensors, and
// the weights that a training starts with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/sizes.h"
#include "nn/initial_weights.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/text.h"
#include "weights/file_layout.h"
#include "weights/state_source.h"

namespace svgen::models {

template <typename Config>
struct Preset {
  std::string_view name;
  Config config;
};

template <typename Config>
struct Component {
  ModelPart part;
  std::span<const Preset<Config>> presets;
  const weights::Spelling* spelling;
  /// The sizes in the card, its preset and the shapes of a file. `latent_channels` is what other
  /// parts of the model say, 0 when they say nothing. ConfigurationError where they contradict.
  Config (*from_file)(const Card& card, const weights::StateSource& file, int64_t latent_channels);
  /// The sizes that the card alone gives; the keys that it leaves out go to `missing`.
  Config (*from_card)(const Card& card, int64_t latent_channels, MissingKeys& missing);
  std::span<const nn::InitialWeightsRule> initial_weights = {};

  /// Null for an unknown name.
  const Config* find_preset(std::string_view name) const {
    for (const Preset<Config>& preset : presets)
      if (preset.name == name) return &preset.config;
    return nullptr;
  }

  std::vector<std::string_view> preset_names() const {
    std::vector<std::string_view> names;
    for (const Preset<Config>& preset : presets) names.push_back(preset.name);
    return names;
  }

  /// The preset that a card names, `nothing` when it names none. ConfigurationError for an unknown
  /// one.
  Config preset_or(Config nothing, const std::string& name) const {
    if (name.empty()) return nothing;
    if (const Config* preset = find_preset(name)) return *preset;
    const std::string key = part_key(part);
    throw ConfigurationError(
        "unknown " + key + " preset '" + name + "': name a known one",
        {.expected = joined(preset_names()), .found = name, .where = key + ".preset"});
  }
};

}  // namespace svgen::models
