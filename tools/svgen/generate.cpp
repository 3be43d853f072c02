// SPDX-License-Identifier: MIT
// svgen generate.
#include "command.h"
#include "suggest.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "target.h"

namespace svgen::cli {
namespace {

constexpr long kAtOnce = 16;  // pictures in one batch, which does not change them

// Option of the command: property of the element.
constexpr std::pair<const char*, const char*> kProperties[] = {
    {"seed", "seed"},         {"steps", "steps"},   {"guidance-scale", "guidance-scale"},
    {"guidance", "guidance"}, {"solver", "solver"}, {"shift", "shift"}};

int generate(const Options& options) {
  if (options.words().size() != 1)
    throw ConfigurationError("generate needs one output: `svgen generate pictures/`");
  const Card card = Card::load(find_card(options.text("model")));
  const long count = options.number("number", 1, 1), columns = options.number("sheet", 0, 1);
  const Target target = target_of(options.words()[0], columns > 0 ? 1 : count, options);
  std::vector<std::string> words = {"svgdiffuse"};
  if (options.has("preset")) words.push_back("@preset=" + options.text("preset"));
  for (const std::string& word : model_words(options)) words.push_back(word);
  words.push_back("classes=" + completed_classes(options.text("classes", "random"), card.classes));
  words.push_back("num-images=" + std::to_string(count));
  words.push_back("batch-size=" + std::to_string(columns > 0 ? count : std::min(count, kAtOnce)));
  words.push_back("framerate=" + options.text("rate", "1") + "/1");
  for (const auto& [option, property] : kProperties)
    if (options.has(option)) words.push_back(property + ("=" + options.text(option)));
  words.insert(words.end(), {"!", "svgdecode"});
  if (columns > 0) words.push_back("grid-columns=" + std::to_string(columns));
  words.push_back("!");
  words.insert(words.end(), target.words.begin(), target.words.end());
  return run_into(target, words, options);
}

}  // namespace

Command generate_command() {
  return {"generate", "OUTPUT", "pictures of classes: a file, a folder or a video",
          with_model_options(
              {{"classes", "LIST", "names (or how they begin), numbers, 0-9, all, random"},
               {"number", "N", "how many pictures (1)"},
               {"seed", "N", "of the noise (0)"},
               {"preset", "NAME", "draft, quality or paper"},
               {"steps", "N", "of the solver (the model's)"},
               {"guidance-scale", "W", "1: none (the model's)"},
               {"guidance", "MODE", "constant, late, early, linear, cfg-star or interval"},
               {"solver", "NAME", "euler or heun"},
               {"shift", "S", "of the times (the model's)"},
               {"sheet", "COLUMNS", "all pictures on one sheet"},
               {"rate", "N", "pictures a second of a video (1)"}}),
          generate};
}

}  // namespace svgen::cli
