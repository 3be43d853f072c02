// SPDX-License-Identifier: MIT
// Finding model cards and weight files by name.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace svgen {

/// The name of the model that is shipped with the library and used when none is named.
inline constexpr std::string_view kEmbeddedModel = "mini";

/// Folders searched in this order: SVGEN_MODEL_PATH (colon separated), the user's data directory
/// (XDG_DATA_HOME or ~/.local/share, then svgen/models), the installed and the source models/.
std::vector<std::filesystem::path> model_search_path();

/// The card.json meant by a card path, a directory holding one, or a registered name; empty means
/// the embedded model. Throws IoError with the places looked at and the names that exist there.
std::filesystem::path find_card(const std::string& model);

/// The names of all cards on the search path, sorted.
std::vector<std::string> registered_models();

}  // namespace svgen
