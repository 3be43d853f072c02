// SPDX-License-Identifier: MIT
// The search path for models.
#include "svgen/registry.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <sstream>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCardName = "card.json";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// Also a link to nowhere.
bool is_listed(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// The card.json that find_card takes for each name, or one that is no file where none is.
std::map<std::string, fs::path> card_files() {
  std::map<std::string, fs::path> cards;
  for (const fs::path& folder : model_search_path()) {
    std::error_code ignored;
    for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
         entry.increment(ignored)) {
      const fs::path card = entry->path() / kCardName;
      if (!is_listed(card)) continue;
      fs::path& known = cards[entry->path().filename().string()];
      if (known.empty() || (is_file(card) && !is_file(known))) known = card;
    }
  }
  return cards;
}

}  // namespace

fs::path user_models() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data != '\0') return fs::path(data) / "svgen/models";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return fs::path(home) / ".local/share/svgen/models";
  return {};
}

std::vector<fs::path> model_search_path() {
  std::vector<fs::path> path;
  if (const char* listed = std::getenv("SVGEN_MODEL_PATH")) {
    std::istringstream folders(listed);
    for (std::string folder; std::getline(folders, folder, ':');)
      if (!folder.empty()) path.emplace_back(folder);
  }
  if (const fs::path folder = user_models(); !folder.empty()) path.push_back(folder);
  path.emplace_back(SVGEN_INSTALLED_MODELS);
  path.emplace_back(SVGEN_SOURCE_MODELS);
  return path;
}

fs::path find_card(const std::string& model) {
  const std::string name = model.empty() ? std::string(kEmbeddedModel) : model;
  std::vector<std::string> tried;
  const auto existing = [&tried](const fs::path& candidate) {
    tried.push_back(candidate.string());
    return is_file(candidate);
  };
  const fs::path given(name);
  if (!model.empty()) {
    if (is_folder(given)) {
      if (existing(given / kCardName)) return fs::absolute(given / kCardName).lexically_normal();
    } else if (existing(given)) {
      return fs::absolute(given).lexically_normal();
    }
  }
  const bool is_plain_name = given.is_relative() && given.begin() != given.end() &&
                             std::next(given.begin()) == given.end() && name != "." && name != "..";
  if (is_plain_name) {
    for (const fs::path& folder : model_search_path()) {
      const fs::path candidate = folder / name / kCardName;
      if (existing(candidate)) return fs::absolute(candidate).lexically_normal();
    }
  }
  throw IoError("no such model: give the path of a card.json, its folder, or a registered name (" +
                    joined(registered_models()) + ")",
                {.expected = "a model card", .found = "none", .where = joined(tried)});
}

std::vector<std::string> registered_models() {
  std::vector<std::string> names;
  for (const auto& [name, card] : card_files())
    if (is_file(card)) names.push_back(name);
  return names;
}

std::vector<RegisteredModel> read_registered_models() {
  std::vector<RegisteredModel> models;
  for (const auto& [name, file] : card_files()) {
    RegisteredModel model{name, file, std::nullopt, ""};
    try {
      model.card = Card::load(file);
    } catch (const Error& error) {
      model.problem = error.report();
    }
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace svgen
