// SPDX-License-Identifier: MIT
// svgen generate.
#include <algorithm>

#include "command.h"
#include "output.h"
#include "svgen/card.h"
#include "svgen/class_list.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgen/sampling.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

constexpr long kAtOnce = 16;        // pictures in one batch, which does not change them
constexpr long kMostAtOnce = 1024;  // what svgdiffuse takes
constexpr long kMost = 1'000'000'000;

// The element says the same, but only after the model was loaded.
void check_classes(const Card& card, const std::string& text) {
  const int64_t named = static_cast<int64_t>(card.classes.size());
  const int64_t count =
      card.diffusion && card.diffusion->classes > 0 ? card.diffusion->classes : named;
  if (count > 0) ClassList::parse(text, count, card.classes, "--classes");
}

void check_rate(const Options& options) {
  if (options.text("rate", "1").find_first_of("123456789") == std::string::npos)
    throw ConfigurationError("an option has no such value",
                             {.expected = "a number above 0 or a fraction such as 30000/1001",
                              .found = options.text("rate"),
                              .where = "--rate"});
}

int generate(const Options& options) {
  if (options.words().size() != 1)
    throw ConfigurationError("generate needs one output: `svgen generate pictures/`");
  const Card card = Card::load(find_card(options.text("model")));
  const long count = options.number("number", 1, 1, kMost);
  const bool sheet = options.has("sheet");
  const std::string columns = std::to_string(options.number("sheet", 1, 1, kMostAtOnce));
  if (sheet && count > kMostAtOnce)
    throw ConfigurationError("a sheet takes fewer pictures",
                             {.expected = "up to " + std::to_string(kMostAtOnce),
                              .found = std::to_string(count),
                              .where = "--number"});
  check_rate(options);
  check_classes(card, options.text("classes", "random"));
  Output output(options.words()[0], picture_kinds(), sheet ? 1 : count, options);
  Pipeline pipeline;
  pipeline.add({"svgdiffuse"});
  if (options.has("preset")) pipeline.load_preset(options.text("preset"), "--preset");
  const std::string batch = std::to_string(sheet ? count : std::min(count, kAtOnce));
  pipeline.set(with_options({"svgdiffuse",
                             {{"num-images", std::to_string(count), "--number"},
                              {"batch-size", batch, "--number"},
                              {"framerate", "1/1", ""}}},
                            options)
                   .settings);
  pipeline.add({"svgdecode"});
  if (sheet) pipeline.set({{"grid-columns", columns, "--sheet"}});
  return run_into(output, pipeline, options);
}

// A setting of the sampler; the property of the same name checks its value.
Option sampling_option(const SamplingSetting& setting) {
  const std::vector<std::string> choices = setting.choices();
  std::string words = setting.words;
  words[0] = ascii_lower(words)[0];  // as the other options'
  if (!choices.empty()) words += ": " + joined(choices);
  return {setting.name(), choices.empty() ? "N" : "NAME", words + " (the model's)", setting.name()};
}

}  // namespace

Command generate_command() {
  std::vector<Option> options = {
      {"classes", "LIST", "names (or how they begin), numbers, 0-9, all, random", "classes"},
      {"number", "N", "how many pictures (1)"},
      {"seed", "N", "of the noise (0)", "seed"},
      {"preset", "NAME", "draft, quality or paper"}};
  for (const SamplingSetting& setting : sampling_settings())
    options.push_back(sampling_option(setting));
  options.push_back({"guidance-model", "MODEL",
                     "a weaker model that guides this one (autoguidance)", "guidance-model"});
  options.push_back({"sheet", "COLUMNS", "all pictures on one sheet"});
  options.push_back(
      {"rate", "N", "pictures a second of a video (1), such as 25 or 30000/1001", "framerate"});
  return {"generate", "OUTPUT", "pictures of classes: a file, a folder or a video",
          with_model_options(options), generate};
}

}  // namespace svgen::cli
