// SPDX-License-Identifier: MIT
// svgen evaluate: the paper's tables, in chunks that any number of processes share.
#include <filesystem>
#include <sstream>

#include "command.h"
#include "console.h"
#include "data/atomic_file.h"
#include "data/data_order.h"
#include "evaluation.h"
#include "evaluation_tables.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr long kMostImages = 100'000'000, kDay = 86400;

std::vector<std::string> listed(const Options& options, const std::string& name,
                                const std::string& otherwise) {
  std::vector<std::string> values;
  std::stringstream text(options.text(name, otherwise));
  for (std::string one; std::getline(text, one, ',');)
    if (!one.empty()) values.push_back(one);
  if (values.empty())
    throw ConfigurationError(
        "an option has no such value",
        {.expected = "a list such as 5,10,25", .found = options.text(name), .where = "--" + name});
  return values;
}

Judge judge_of(const Options& options) {
  Judge judge{.inception = options.text("inception"), .encoder = options.text("encoder")};
  if (judge.inception.empty() == judge.encoder.empty())
    throw ConfigurationError(
        "features are those of one network: Inception's file, or the encoder of a card",
        {.expected = "--inception FILE or --encoder CARD",
         .found = judge.inception.empty() ? "neither" : "both",
         .where = "evaluate"});
  return judge;
}

Protocol protocol_of(const Options& options) {
  Protocol protocol;
  protocol.images = options.number("images", 50000, 2, kMostImages);
  protocol.chunk = options.number("chunk", 500, 1, 1'000'000);
  protocol.batch = options.number("batch", 16, 1, 1024);
  protocol.seed = options.number("seed", 0, 0, 1L << 62);
  protocol.balanced = options.choice("labels", {"random", "balanced"}) == "balanced";
  protocol.device = options.text("device", "auto");
  protocol.dtype = options.text("dtype", "auto");
  return protocol;
}

std::vector<Cell> cells_of(const Options& options) {
  std::vector<Cell> cells;
  for (const std::string& card : options.words()) Card::load(find_card(card));  // or refuses it
  if (options.has("tokenizer")) {
    for (const std::string& card : options.words()) cells.push_back({.card = card});
    return cells;
  }
  for (const std::string& card : options.words())
    for (const std::string& scale : listed(options, "guidance", "1"))
      for (const std::string& steps : listed(options, "steps", "25"))
        cells.push_back({card, steps, scale});
  return cells;
}

void write_whole(const fs::path& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

int evaluate(const Options& options) {
  if (options.words().empty())
    throw ConfigurationError(
        "evaluate needs cards: `svgen evaluate mini --reference real.safetensors --encoder mini`");
  if (!options.has("reference"))
    throw ConfigurationError(
        "evaluate compares with real pictures: name them",
        {.expected = "--reference FILE or FOLDER", .found = "none", .where = "--reference"});
  const std::vector<Cell> cells = cells_of(options);
  Evaluation evaluation(options.text("out", "evaluation"), options.text("reference"),
                        judge_of(options), protocol_of(options), options.text("lpips"),
                        shard_from_environment(), options.has("json"));
  const bool tokenizer = options.has("tokenizer");
  try {
    for (const Cell& cell : cells) evaluation.make(cell);
    if (!evaluation.is_first()) return 0;
    std::vector<Result> results;
    for (const Cell& cell : cells)
      results.push_back(evaluation.reduce(cell, options.number("wait", kDay, 0, 30 * kDay)));
    const fs::path out = evaluation.folder();
    write_whole(out / "results.json", as_json(results, evaluation.described()));
    const std::string table = as_markdown(results, evaluation.described());
    write_whole(out / "table.md", table);
    if (!tokenizer) write_whole(out / "plot.svg", as_plot(results));
    if (options.has("json"))
      for (const Result& result : results) print(json_of(result));
    else
      print(table.substr(0, table.find_last_not_of('\n') + 1));
  } catch (const Interrupted& stop) {
    if (!stop.failure.empty()) print_error(stop.failure, options.has("json"));
    print_error("stopped; the same command goes on from there", options.has("json"));
    return 128 + stop.signal;
  }
  return was_taken() ? 0 : 1;
}

}  // namespace

Command evaluate_command() {
  return {"evaluate",
          "CARD...",
          "tables of generators, or of tokenizers, against real pictures",
          {{"reference", "FILE",
            "features of real pictures (svgfrechet's, or published mu and "
            "sigma), or a folder of them"},
           {"inception", "FILE", "the published Inception's weights make the features"},
           {"encoder", "CARD", "or the encoder of this card"},
           {"steps", "LIST", "of the solver (25)"},
           {"guidance", "LIST", "scales (1)"},
           {"images", "N", "of each cell (50000)"},
           {"labels", "HOW", "random or balanced (random, as the paper)"},
           {"seed", "N", "of noise and labels (0)"},
           {"tokenizer", "", "reconstruct the pictures of --reference instead"},
           {"lpips", "FILE", "with --tokenizer: weights of LPIPS"},
           {"out", "FOLDER", "of table.md, results.json, plot.svg (evaluation)"},
           {"batch", "N", "pictures at a time (16)"},
           {"chunk", "N", "pictures between two files, for what is resumed (500)"},
           {"wait", "SECONDS", "of the first process for the others (86400)"},
           {"device", "NAME", "auto, cpu, cuda or cuda:N"},
           {"dtype", "NAME", "auto, float32, bfloat16 or float16"},
           {"json", "", "lines of JSON for programs"}},
          evaluate};
}

}  // namespace svgen::cli
