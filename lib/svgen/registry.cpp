// SPDX-License-Identifier: MIT
// The search path for models.
#include "svgen/registry.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>

#include "svgen/error.h"

namespace svgen {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCardName = "card.json";

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace

std::vector<fs::path> model_search_path() {
  std::vector<fs::path> path;
  if (const char* listed = std::getenv("SVGEN_MODEL_PATH")) {
    std::istringstream folders(listed);
    for (std::string folder; std::getline(folders, folder, ':');) {
      if (!folder.empty()) path.emplace_back(folder);
    }
  }
  const char* data_home = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  if (data_home != nullptr && *data_home != '\0') {
    path.push_back(fs::path(data_home) / "svgen" / "models");
  } else if (home != nullptr && *home != '\0') {
    path.push_back(fs::path(home) / ".local" / "share" / "svgen" / "models");
  }
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
                             ++given.begin() == given.end() && name != "." && name != "..";
  if (is_plain_name) {
    for (const fs::path& folder : model_search_path()) {
      const fs::path candidate = folder / name / kCardName;
      if (existing(candidate)) return fs::absolute(candidate).lexically_normal();
    }
  }
  throw IoError("no such model: give the path of a card.json, its folder, or a registered name (" +
                    joined(registered_models()) + ")",
                {"a model card", "none", joined(tried)});
}

std::vector<std::string> registered_models() {
  std::set<std::string> names;
  for (const fs::path& folder : model_search_path()) {
    std::error_code ignored;
    for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
         entry.increment(ignored)) {
      if (is_file(entry->path() / kCardName)) names.insert(entry->path().filename().string());
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace svgen
