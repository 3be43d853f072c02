// SPDX-License-Identifier: MIT
// svgen reconstruct and svgen extract: pictures and videos into the latent space.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include "command.h"
#include "console.h"
#include "data/data_order.h"
#include "data/parts.h"
#include "data/picture_array.h"
#include "media/picture_facts.h"
#include "output.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgtrain/image_reader.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

struct Files {
  fs::path input;
  std::string output;
};

Files files_of(const Options& options, const char* usage) {
  if (options.words().size() != 2) throw ConfigurationError(usage);
  return {options.words()[0], options.words()[1]};
}

// Returns the elements that turn a picture of another shape into one of the model's.
std::vector<Step> fitting(const std::string& fit, const Card& card) {
  const std::string width = std::to_string(card.latent().picture_width()),
                    height = std::to_string(card.latent().picture_height());
  const Step size{
      "capsfilter",
      {{"caps", "video/x-raw,pixel-aspect-ratio=1/1,width=" + width + ",height=" + height, ""}}};
  const Step scale{"videoscale", {{"add-borders", fit == "letterbox" ? "true" : "false", ""}}};
  if (fit == "crop")
    return {{"aspectratiocrop", {{"aspect-ratio", width + "/" + height, ""}}}, scale, size};
  return {scale, size};
}

// Warns about a picture of another shape, where little of it or of the model's picture is left.
std::string note_of(const std::string& fit, const Card& card, int width, int height) {
  constexpr double kLittle = 0.5;
  const double asked = static_cast<double>(card.grid.width) / static_cast<double>(card.grid.height),
               is = static_cast<double>(width) / std::max(1, height);
  const double left = std::min(asked / is, is / asked);
  if (fit == "stretch" || left >= kLittle) return "";
  char share[32];
  std::snprintf(share, sizeof share, "%.0f %%", 100 * left);
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  return fit == "crop" ? "of the pictures of " + size + " only the middle " + share +
                             " is taken; --fit letterbox or stretch takes all of it"
                       : "the pictures of " + size + " fill " + share +
                             " between their borders; --fit crop or stretch fills all";
}

// A picture, read as datasets are: by its content, upright, whole, in front of white. None for what
// is no such picture, and where the module that knows them is not installed.
std::optional<Picture> still_picture(const fs::path& file, bool json) {
  constexpr size_t kHead = 65536;
  std::ifstream stream(file, std::ios::binary);
  std::vector<uint8_t> head(kHead);
  stream.read(reinterpret_cast<char*>(head.data()), kHead);
  head.resize(static_cast<size_t>(std::max<std::streamsize>(0, stream.gcount())));
  if (!picture_facts(head).is_read) return std::nullopt;
  try {
    gst::ReadOptions options;
    options.max_pixels = most_pixels();
    options.limit = std::string("the variable ") + kMostPixelsVariable;
    std::string note;
    Picture picture = gst::read_image(file, options, &note);
    if (!note.empty()) print_note(file.string() + ": " + note, json);
    return picture;
  } catch (const DeviceError&) {
    return std::nullopt;
  }
}

// Builds the pipeline from a file to the output of svgencode.
void encode(Pipeline& pipeline, const fs::path& input, const std::string& features,
            const Options& options) {
  if (!fs::is_regular_file(input))
    throw IoError(fs::exists(input) ? "this is no file: name a picture or a video"
                                    : "there is no such file: name a picture or a video",
                  {.expected = "a file",
                   .found = fs::is_directory(input) ? "a folder" : "none",
                   .where = input.string()});
  const Card card = Card::load(find_card(options.text("model")));
  if (const std::optional<Picture> picture = still_picture(input, options.has("json")))
    pipeline.add_picture(picture->view());
  else
    pipeline.add_file(input);
  const std::string fit = options.choice("fit", {"crop", "letterbox", "stretch"});
  const std::vector<Step> steps = fitting(fit, card);
  pipeline.add(steps.front());
  pipeline.note_size([=](int width, int height) { return note_of(fit, card, width, height); });
  for (size_t i = 1; i < steps.size(); ++i) pipeline.add(steps[i]);
  pipeline.add(with_options(
      {"svgencode", {{"features", features, "--features"}, {"batch-size", "4", ""}}}, options));
}

int reconstruct(const Options& options) {
  const Files files = files_of(options,
                               "reconstruct needs an input and an output: "
                               "`svgen reconstruct photo.jpg again.png`");
  Output output(files.output, picture_kinds(), std::nullopt, options, files.input);
  Pipeline pipeline;
  encode(pipeline, files.input, "both", options);
  pipeline.add({{"svgalign"}, {"svgdecode"}});
  return run_into(output, pipeline, options);
}

// The pictures of a dataset, as training sees them.
void encode_dataset(Pipeline& pipeline, const fs::path& input, const std::string& features,
                    const Options& options) {
  const Card card = Card::load(find_card(options.text("model")));
  const int64_t side = card.latent().picture_width();
  if (side != card.latent().picture_height() || options.has("fit"))
    throw ConfigurationError(
        "pictures of a dataset are cropped to the model's square",
        {.expected = "a model of square pictures, and no --fit",
         .found = std::to_string(side) + "x" + std::to_string(card.latent().picture_height()),
         .where = input.string()});
  pipeline.add({"svgdatasetsrc",
                {{"location", input.string(), "the input"}, {"size", std::to_string(side), ""}}});
  pipeline.add(with_options(
      {"svgencode", {{"features", features, "--features"}, {"batch-size", "4", ""}}}, options));
}

bool is_dataset(const fs::path& input) {
  return fs::is_directory(input) || input.extension() == ".txt" || is_picture_array(input);
}

// Into the store of svglatentsink, of which each process of a launch writes a part.
int extract_store(const Files& files, const std::string& features, const Options& options) {
  const Shard shard = shard_from_environment();
  if (shard.world > 1 && !is_dataset(files.input))
    throw ConfigurationError(
        "one picture or video is not shared among processes",
        {.expected = "a folder of class folders, a list, or an .npz of pictures",
         .found = files.input.string(),
         .where = "a distributed launch (WORLD_SIZE above 1)"});
  const std::string place = part_of(files.output, shard).string();
  if (fs::exists(place) && !options.has("force")) refuse_present(place);
  Pipeline pipeline;
  const std::string kind = features == "latent" ? "both" : features;
  if (is_dataset(files.input))
    encode_dataset(pipeline, files.input, kind, options);
  else
    encode(pipeline, files.input, kind, options);
  if (features == "latent") pipeline.add({"svgalign"});
  pipeline.add({"svglatentsink", {{"location", files.output, "the output"}}});
  pipeline.count_pictures(std::numeric_limits<int64_t>::max(), "");
  return run_and_name(pipeline, place, options);
}

int extract(const Options& options) {
  const Files files = files_of(options,
                               "extract needs an input and an output: "
                               "`svgen extract video.webm features.f32`");
  static const std::vector<Kind> kinds = {{".f32", true, {{"queue"}}},
                                          {".gdp", true, {{"gdppay"}}}};
  const std::string features =
      options.choice("features", {"semantic", "residual", "both", "latent"});
  if (fs::path(files.output).extension() == ".raw") return extract_store(files, features, options);
  if (is_dataset(files.input))
    throw ConfigurationError("features of a dataset are stored with their labels",
                             {.expected = "an output that ends with .raw",
                              .found = files.output,
                              .where = "the output"});
  Output output(files.output, kinds, std::nullopt, options, files.input);
  Pipeline pipeline;
  encode(pipeline, files.input, features == "latent" ? "both" : features, options);
  if (features == "latent") pipeline.add({"svgalign"});
  return run_into(output, pipeline, options);
}

std::vector<Option> input_options(std::vector<Option> own) {
  own.push_back({"batch", "N", "pictures at a time (4)", "batch-size"});
  own.push_back(
      {"fit", "HOW", "crop, letterbox or stretch what has another shape (crop, as trainings)"});
  return with_model_options(std::move(own));
}

}  // namespace

Command reconstruct_command() {
  return {"reconstruct", "INPUT OUTPUT", "a picture or video through the latent space and back",
          input_options({}), reconstruct};
}

Command extract_command() {
  return {"extract", "INPUT OUTPUT",
          "features of a picture or video (.f32, .gdp), or of a dataset (.raw)",
          input_options({{"features", "KIND", "semantic, residual, both or latent (semantic)"}}),
          extract};
}

}  // namespace svgen::cli
