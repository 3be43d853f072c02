// SPDX-License-Identifier: MIT
// Writing the card of a checkpoint.
#include "train/export_card.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "svgen/error.h"

namespace svgen::train {
namespace {

constexpr const char* kRoles[] = {"encoder", "residual", "decoder", "diffusion", "statistics"};

std::string absolute_file(const Card& card, const std::string& file) {
  try {
    return card.locate({file, ""}).string();
  } catch (const IoError&) {
    return file;  // not there yet; whoever needs it will be told
  }
}

bool wants_names(const Card& card, const std::vector<std::string>& names) {
  const auto count = static_cast<int64_t>(names.size());
  return count > 0 && card.classes.empty() && (!card.diffusion || card.diffusion->classes == count);
}

}  // namespace

std::string exported_card(const Card& card, const std::vector<TrainedRole>& trained,
                          const std::vector<std::string>& class_names) {
  // The card was read from this file and checked.
  auto json = nlohmann::ordered_json::parse(std::ifstream(card.path));
  for (const char* key : kRoles) {
    if (!json.contains(key)) continue;
    json[key]["file"] = absolute_file(card, json[key].at("file").get<std::string>());
  }
  if (wants_names(card, class_names)) json["classes"] = class_names;
  json.erase("training");  // of the weights before
  for (const TrainedRole& role : trained) {
    if (!json.contains(role.key)) continue;
    auto& entry = json[role.key];
    entry["file"] = "ema.safetensors";
    entry.erase("sha256");
    entry.erase("prefix");
    if (*role.prefix != '\0') entry["prefix"] = role.prefix;
  }
  try {
    return json.dump(1) + "\n";
  } catch (const nlohmann::json::type_error&) {
    throw ConfigurationError(
        "a card can name files by UTF-8 alone: rename the folder of the card or of its weights",
        {.expected = "names in UTF-8", .found = "other bytes", .where = card.path.string()});
  }
}

}  // namespace svgen::train
