// SPDX-License-Identifier: MIT
// svgen reconstruct and svgen edit: pictures and videos into the latent space, and back.
#include <filesystem>
#include <optional>

#include "command.h"
#include "framing.h"
#include "many_inputs.h"
#include "output.h"
#include "picture_input.h"
#include "sampler_options.h"
#include "svgen/error.h"
#include "svgen/registry.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEdit = "svgedit";

// Adds the mask as a second input of the edit, which is the last element and goes on.
void add_mask(Pipeline& pipeline, const Framing& framing, const Options& options) {
  pipeline.name(kEdit);
  pipeline.begin_apart();
  add_input(pipeline, options.text("mask"), options.has("json"));
  pipeline.add(Step{"videoconvert"});
  framing.fit_mask(pipeline);
  pipeline.add(Step{"videoconvert"});
  pipeline.add(Step{"capsfilter", {{"caps", "video/x-raw,format=GRAY8", ""}}});
  pipeline.join(kEdit, "mask");
}

int convert(const Options& options, const Card& card, Framing::Grid grid, const char* usage) {
  const std::vector<Job> jobs = jobs_of(options, usage);
  const Framing framing(options, card.latent(), grid);
  return run_all(jobs, options, [&](const Job& job) {
    std::vector<fs::path> kept = inputs_of(options);
    if (options.has("mask")) kept.emplace_back(options.text("mask"));
    Output output(job.output, picture_kinds(), std::nullopt, options, kept);
    Pipeline pipeline;
    add_input(pipeline, job.input, options.has("json"));
    framing.begin(pipeline);
    pipeline.add(with_options({"svgencode", {{"batch-size", "4", ""}}}, options));
    pipeline.add(Step{"svgalign"});
    if (grid == Framing::Grid::kOwn) pipeline.add(with_options({kEdit}, options));
    if (options.has("mask")) add_mask(pipeline, framing, options);
    pipeline.add(Step{"svgdecode"});
    framing.end(pipeline);
    return run_into(output, pipeline, options);
  });
}

int reconstruct(const Options& options) {
  return convert(options, Card::load(find_card(options.text("model"))), Framing::Grid::kAny,
                 "reconstruct needs an input and an output: "
                 "`svgen reconstruct photo.jpg again.png`");
}

int edit(const Options& options) {
  const Card card = Card::load(find_card(options.text("model")));
  if (options.has("classes")) check_classes(card, options.text("classes"));
  if (!options.has("mask") && options.has("mask-blur"))
    throw ConfigurationError(
        "there is no mask to blur: name its file with --mask, or leave --mask-blur out",
        {.expected = "--mask FILE", .found = "--mask-blur alone", .where = "--mask-blur"});
  return convert(options, card, Framing::Grid::kOwn,
                 "edit needs an input and an output: "
                 "`svgen edit --strength 0.6 --classes mushroom photo.jpg edited.png`");
}

std::vector<Option> edit_options() {
  std::vector<Option> options = {
      {"strength", "S", "0 keeps a picture as it is, 1 makes it all anew", "strength", kEdit},
      {"classes", "LIST", "names (or how they begin) or numbers; unset: of no class", "classes",
       kEdit},
      {"seed", "N", "of the noise (0)", "seed", kEdit},
      {"noise", "KIND", "per-image, or fixed: the same for all pictures, for calm videos", "noise",
       kEdit},
      {"blend", "B", "share of the edited picture before, 0 to 0.99, for calm videos", "blend",
       kEdit},
      {"mask", "FILE", "a picture or video, white where the input is edited"},
      {"mask-blur", "N", "how far the mask's edges are blurred, in cells (0.5)", "mask-blur",
       kEdit}};
  append_sampling_options(options, kEdit);
  return options;
}

}  // namespace

Command reconstruct_command() {
  return {"reconstruct", "INPUT... OUTPUT",
          "pictures and videos through the latent space and back, sound kept",
          with_input_options(framing_options("")), reconstruct};
}

Command edit_command() {
  std::vector<Option> options = edit_options();
  for (const Option& option : framing_options(" of the result; edits are made at the model's own"))
    options.push_back(option);
  return {"edit", "INPUT... OUTPUT", "pictures and videos made partly anew, sound kept",
          with_input_options(options), edit};
}

}  // namespace svgen::cli
