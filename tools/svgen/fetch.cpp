// SPDX-License-Identifier: MIT
// svgen fetch: gets the files of a card from where they are published.
#include <unistd.h>

#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "command.h"
#include "console.h"
#include "download.h"
#include "model_parts.h"
#include "progress.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

// The user's own folder of models, unless another one was named.
fs::path target_folder(const Options& options) {
  if (options.has("into")) return options.text("into");
  if (const fs::path folder = user_models(); !folder.empty()) return folder;
  throw ConfigurationError("nobody says where your files are: name a folder",
                           {.expected = "--into FOLDER, or HOME", .found = "neither"});
}

// The files of the card that are not here, each once; those without an address go to `by_hand`.
std::vector<Download> missing_files(const Card& card, const fs::path& folder,
                                    std::string& by_hand) {
  std::vector<Download> missing;
  std::set<std::string> seen;
  for (const ModelFile& file : files_of(card)) {
    if (file.is_there() || !seen.insert(file.reference.file).second) continue;
    if (file.reference.url.empty())
      by_hand += (by_hand.empty() ? "" : ", ") + file.reference.file;
    else
      missing.push_back({file.reference.url, folder / fs::path(file.reference.file).filename(),
                         file.reference.bytes, file.reference.sha256});
  }
  return missing;
}

// The error of files that nobody can fetch, after all others were fetched.
void refuse_by_hand(const Card& card, const std::string& files, const fs::path& folder) {
  if (files.empty()) return;
  throw ConfigurationError(
      "no address is known for " + files + ": " +
          (card.source.empty() ? "get them from where the model is published" : card.source) +
          ", and put them into " + folder.string(),
      {.expected = "\"url\" of each file in the card",
       .found = "none",
       .where = card.path.string()});
}

bool agrees() {
  std::cerr << "fetch? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int fetch(const Options& options) {
  if (options.words().size() != 1)
    throw ConfigurationError("svgen fetch takes one model",
                             {.expected = "svgen fetch MODEL",
                              .found = std::to_string(options.words().size()) + " words"});
  const bool json = options.has("json");
  const Card card = Card::load(find_card(options.words().front()));
  const fs::path folder = target_folder(options);
  std::string by_hand;
  std::vector<Download> files = missing_files(card, folder, by_hand);
  if (files.empty()) {
    refuse_by_hand(card, by_hand, folder);
    print_note("all files of " + card.name + " are there", json);
    return 0;
  }
  if (!options.has("yes") && isatty(STDIN_FILENO) == 0)
    throw ConfigurationError("nobody is there to agree to the licence: say --yes",
                             {.expected = "--yes, or a terminal",
                              .found = "neither",
                              .where = "licence: " + card.license});
  int64_t total = 0;
  for (Download& file : files) {
    if (file.bytes == 0) file.bytes = announced_bytes(file.url);
    print_note(
        file.target.filename().string() + ", " + size_text(file.bytes) + ", from " + file.url,
        json);
    total += file.bytes;
  }
  print_note("licence: " + license_text(card), json);
  print_note(size_text(total) + " into " + folder.string(), json);
  std::error_code none;
  fs::create_directories(folder, none);
  if (const auto room = fs::space(folder, none); !none && std::cmp_less(room.available, total))
    throw IoError("there is too little room for the files: name another folder with --into",
                  {.expected = size_text(total),
                   .found = size_text(static_cast<int64_t>(room.available)),
                   .where = folder.string()});
  if (!options.has("yes") && !agrees()) return 1;
  Progress progress(Progress::usual_form(json));
  for (const Download& file : files) {
    download(file, progress);
    print_note("fetched " + file.target.string(), json);
  }
  refuse_by_hand(card, by_hand, folder);
  return 0;
}

}  // namespace

Command fetch_command() {
  return {"fetch",
          "MODEL",
          "gets the files of a model from where they are published",
          {{"into", "FOLDER", "where to (the user's svgen/models)"},
           {"yes", "", "agrees to the licence without being asked"},
           {"json", "", "lines of JSON for programs"}},
          fetch};
}

}  // namespace svgen::cli
