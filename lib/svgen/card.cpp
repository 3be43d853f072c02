// SPDX-License-Identifier: MIT
// Finding a card's files.
#include "svgen/card.h"

#include <vector>

#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgen/text.h"

namespace svgen {
namespace fs = std::filesystem;

fs::path Card::locate(const FileReference& reference) const {
  const fs::path file(reference.file);
  std::vector<fs::path> places;
  if (file.is_absolute()) {
    places.push_back(file);
  } else {
    places.push_back(path.parent_path() / file);
    for (const fs::path& folder : model_search_path()) places.push_back(folder / file);
  }
  std::string found = "no such file";
  for (const fs::path& place : places) {
    std::error_code ignored;
    if (fs::is_regular_file(place, ignored)) return place;
    if (fs::is_directory(place, ignored))
      found = "the folder " + place.string() + ": name the file in it";
  }
  throw IoError(
      "the file " + reference.file + " of model " + name + " is missing: get it from " +
          (source.empty() ? "where the model is published" : source) +
          " and put it beside the card or into a folder of SVGEN_MODEL_PATH",
      {.expected = reference.file,
       .found = found,
       .where = joined(places, ", ", [](const fs::path& place) { return place.string(); })});
}

}  // namespace svgen
