// SPDX-License-Identifier: MIT
// Finds model cards and weight files by name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "svgen/card.h"

namespace svgen {

/// The name of the model that is shipped with the library and used when none is named.
inline constexpr std::string_view kEmbeddedModel = "mini";

/// Returns the user's own folder of models, where XDG_DATA_HOME or ~/.local/share has svgen/models;
/// empty where neither variable is set.
std::filesystem::path user_models();

/// Returns the folders in the order of search: SVGEN_MODEL_PATH (colon separated), user_models(),
/// the installed and the source models/.
std::vector<std::filesystem::path> model_search_path();

/// Returns the card.json meant by a card path, a directory holding one, or a registered name; empty
/// means the embedded model. Throws IoError with the places looked at and the names that exist
/// there.
std::filesystem::path find_card(const std::string& model);

/// Returns the names of all cards on the search path, sorted, without reading the cards.
std::vector<std::string> registered_models();

/// Describes a model of the search path: its card, or what is wrong with it.
struct RegisteredModel {
  std::string name;
  std::filesystem::path path;  // of the card
  std::optional<Card> card;
  std::string problem;  // the whole report when there is no card, else empty
};

/// Reads the cards that registered_models() names, so that one broken card does not hide the
/// others. A card.json that is no file (a link to nowhere, a folder) is among them, as a problem.
std::vector<RegisteredModel> read_registered_models();

}  // namespace svgen
