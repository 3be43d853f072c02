// SPDX-License-Identifier: MIT
// What a card says of its files.
#include "model_parts.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <type_traits>

#include "svgen/error.h"

namespace svgen::cli {
namespace {

template <typename Config>
void add(std::vector<ModelFile>& files, const Card& card, const char* part,
         const std::optional<Config>& config) {
  if (!config) return;
  ModelFile file;
  file.part = part;
  if constexpr (std::is_same_v<Config, FileReference>)
    file.reference = *config;
  else
    file.reference = config->source;
  try {
    file.path = card.locate(file.reference).string();
  } catch (const Error& error) {
    file.problem = error.report();
  }
  files.push_back(std::move(file));
}

}  // namespace

std::vector<ModelFile> files_of(const Card& card) {
  std::vector<ModelFile> files;
  add(files, card, "encoder", card.encoder);
  add(files, card, "residual", card.residual);
  add(files, card, "decoder", card.decoder);
  add(files, card, "diffusion", card.diffusion);
  add(files, card, "statistics", card.statistics);
  return files;
}

bool is_non_commercial(const Card& card) {
  return card.license.find("-NC") != std::string::npos ||
         card.license.find("not for commercial") != std::string::npos;
}

std::string license_text(const Card& card) {
  if (card.license.empty()) return "not stated";
  return (is_non_commercial(card) ? "NON-COMMERCIAL: " : "") + card.license;
}

size_t missing_files(const Card& card) {
  std::set<std::string> missing;
  for (const ModelFile& file : files_of(card))
    if (!file.is_there()) missing.insert(file.reference.file);
  return missing.size();
}

int64_t memory_needed(const Card& card) {
  std::set<std::string> counted;
  int64_t total = 0;
  for (const ModelFile& file : files_of(card)) {
    if (!counted.insert(file.reference.file).second) continue;
    std::error_code none;
    const auto size = file.is_there() ? std::filesystem::file_size(file.path, none) : 0;
    const int64_t bytes = size > 0 && !none ? static_cast<int64_t>(size) : file.reference.bytes;
    if (bytes == 0) return 0;
    total += bytes;
  }
  return total;
}

std::string size_text(int64_t bytes) {
  if (bytes <= 0) return "unknown size";
  constexpr double kGiga = 1e9, kMega = 1e6;
  const auto value = static_cast<double>(bytes);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value >= kGiga ? "%.1f GB" : "%.0f MB",
                value >= kGiga ? value / kGiga : std::max(1.0, value / kMega));
  return text.data();
}

}  // namespace svgen::cli
