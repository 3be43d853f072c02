// SPDX-License-Identifier: MIT
// svgen generate.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "command.h"
#include "console.h"
#include "data/data_order.h"
#include "data/sha256.h"
#include "output.h"
#include "preview.h"
#include "sampler_options.h"
#include "shared_output.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"

namespace svgen::cli {
namespace {

constexpr long kAtOnce = 16;        // pictures in one batch, which does not change them
constexpr long kMostAtOnce = 1024;  // what svgdiffuse takes
constexpr long kMost = 1'000'000'000;

// Options that change no picture, or only how many there are.
const std::set<std::string> kNotOfTheJob = {
    "number", "resume", "force", "json", "device", "model", "sheet", "preview", "preview-interval"};

void check_rate(const Options& options) {
  if (options.text("rate", "1").find_first_of("123456789") == std::string::npos)
    throw ConfigurationError("an option has no such value",
                             {.expected = "a number above 0 or a fraction such as 30000/1001",
                              .found = options.text("rate"),
                              .where = "--rate"});
}

// Adds the source and the decoder of images [first, end).
void add_generator(Pipeline& pipeline, const IndexRange& images, long batch,
                   const Options& options) {
  pipeline.add({"svgdiffuse"});
  if (options.has("preset")) pipeline.load_preset(options.text("preset"), "--preset");
  pipeline.set(with_options({"svgdiffuse",
                             {{"first-index", std::to_string(images.first), "--number"},
                              {"num-images", std::to_string(images.end - images.first), "--number"},
                              {"batch-size", std::to_string(batch), "--number"},
                              {"shard", "none", ""},
                              {"framerate", "1/1", ""}}},
                            options)
                   .settings);
  show_previews(pipeline, options);
  pipeline.add({"svgdecode"});
}

// What the pictures depend on, beside their numbers.
nlohmann::json job_of(const Card& card, const Options& options) {
  nlohmann::json job = {{"card", card.name}, {"card_sha256", sha256_of_file(card.path)}};
  for (const Option& option : options.table())
    if (options.has(option.name) && !kNotOfTheJob.contains(option.name))
      job[option.name] = options.text(option.name);
  return job;
}

// The share of one of several processes, or what an earlier run has left to do.
int generate_share(const Card& card, long count, const Shard& shard, const Options& options) {
  if (options.has("sheet"))
    throw ConfigurationError("a sheet is made by one process, at once",
                             {.expected = "no --sheet beside --resume or in a distributed launch",
                              .found = "--sheet",
                              .where = "--sheet"});
  if (options.has("preview") && shard.world > 1)
    throw ConfigurationError(
        "previews are shown where one process makes all pictures",
        {.expected = "no --preview in a distributed launch (WORLD_SIZE above 1)",
         .found = "--preview",
         .where = "--preview"});
  const IndexRange own = block_of(shard, count);
  SharedOutput output(options.words()[0], own, shard, job_of(card, options), options);
  const IndexRange left = {output.next(), own.end};
  if (left.first >= left.end) {
    print_note(
        "nothing is left to do: all " + std::to_string(own.end - own.first) + " pictures are there",
        options.has("json"));
    return 0;
  }
  Pipeline pipeline;
  add_generator(pipeline, left, std::min<long>(left.end - left.first, kAtOnce), options);
  return run_into(output, pipeline, options);
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
  if (options.has("walk-frames") && options.text("walk", "none") == "none")
    throw ConfigurationError("there is no walk whose frames are meant",
                             {.expected = "--walk linear or --walk spherical beside it",
                              .found = "none",
                              .where = "--walk-frames"});
  check_rate(options);
  check_classes(card, options.text("classes", "random"));
  const Shard shard = shard_from_environment();
  if (shard.world > 1 || options.has("resume")) return generate_share(card, count, shard, options);
  Output output(options.words()[0], picture_kinds(), sheet ? 1 : count, options);
  Pipeline pipeline;
  add_generator(pipeline, {0, count}, sheet ? count : std::min(count, kAtOnce), options);
  if (sheet) pipeline.set({{"grid-columns", columns, "--sheet"}});
  return run_into(output, pipeline, options);
}

}  // namespace

Command generate_command() {
  std::vector<Option> options = {
      {"classes", "LIST", "names (or how they begin), numbers, 0-9, all, random", "classes"},
      {"number", "N", "how many pictures (1)"},
      {"seed", "N", "of the noise (0)", "seed"},
      {"preset", "NAME", "draft, quality or paper"}};
  append_sampling_options(options, "svgdiffuse");
  options.push_back({"guidance-model", "MODEL",
                     "a weaker model that guides this one (autoguidance)", "guidance-model"});
  options.push_back({"walk", "NAME",
                     "a video that travels between images: linear, spherical; --number counts its "
                     "frames",
                     "walk"});
  options.push_back({"walk-frames", "N", "frames from each image to the next (30)", "walk-frames"});
  for (const Option& option : preview_options()) options.push_back(option);
  options.push_back({"sheet", "COLUMNS", "all pictures on one sheet"});
  options.push_back({"resume", "", "go on where an earlier run of the same command ended"});
  options.push_back(
      {"rate", "N", "pictures a second of a video (1), such as 25 or 30000/1001", "framerate"});
  return {"generate", "OUTPUT", "pictures of classes: a file, a folder or a video",
          with_model_options(options), generate};
}

}  // namespace svgen::cli
