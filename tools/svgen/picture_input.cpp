// SPDX-License-Identifier: MIT
// Files with pictures at the beginning of a pipeline, and what makes them fit.
#include "picture_input.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>

#include "command.h"
#include "console.h"
#include "media/picture_facts.h"
#include "svgen/error.h"
#include "svgtrain/image_reader.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

// Returns the elements that turn a picture of another shape into one of this size.
std::vector<Step> fitting(const std::string& fit, const PictureSize& size) {
  const Step filter{"capsfilter", {{"caps", size_caps(size), ""}}};
  const Step scale{"videoscale", {{"add-borders", fit == "letterbox" ? "true" : "false", ""}}};
  if (fit != "crop") return {scale, filter};
  const std::string shape = std::to_string(size.width) + "/" + std::to_string(size.height);
  return {{"aspectratiocrop", {{"aspect-ratio", shape, ""}}}, scale, filter};
}

// Warns about a picture of another shape, where little of it or of the wanted picture is left.
std::string note_of(const std::string& fit, const PictureSize& wanted, const PictureSize& found) {
  constexpr double kLittle = 0.5;
  const double asked = static_cast<double>(wanted.width) / std::max(1, wanted.height),
               is = static_cast<double>(found.width) / std::max(1, found.height);
  const double left = std::min(asked / is, is / asked);
  if (fit == "stretch" || left >= kLittle) return "";
  char share[32];
  std::snprintf(share, sizeof share, "%.0f %%", 100 * left);
  const std::string size = std::to_string(found.width) + "x" + std::to_string(found.height);
  return fit == "crop" ? "of the pictures of " + size + " only the middle " + share +
                             " is taken; --fit letterbox or stretch takes all of it"
                       : "the pictures of " + size + " fill " + share +
                             " between their borders; --fit crop or stretch fills all";
}

// A picture, read as datasets are: by its content, upright, whole, in front of white. None for what
// is no such picture, and where the module that knows them is not installed.
std::optional<Picture> still_picture(const fs::path& file, bool json) {
  if (!is_still(file)) return std::nullopt;
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

}  // namespace

bool is_still(const fs::path& file) {
  constexpr size_t kHead = 65536;
  std::ifstream stream(file, std::ios::binary);
  std::vector<uint8_t> head(kHead);
  stream.read(reinterpret_cast<char*>(head.data()), kHead);
  head.resize(static_cast<size_t>(std::max<std::streamsize>(0, stream.gcount())));
  return picture_facts(head).is_read;
}

void add_input(Pipeline& pipeline, const fs::path& file, bool json) {
  if (!fs::is_regular_file(file))
    throw IoError(fs::exists(file) ? "this is no file: name a picture or a video"
                                   : "there is no such file: name a picture or a video",
                  {.expected = "a file",
                   .found = fs::is_directory(file) ? "a folder" : "none",
                   .where = file.string()});
  if (const std::optional<Picture> picture = still_picture(file, json))
    pipeline.add_picture(picture->view());
  else
    pipeline.add_file(file);
}

std::string fit_of(const Options& options) {
  return options.choice("fit", {"crop", "letterbox", "stretch"});
}

std::string size_caps(const PictureSize& size) {
  return "video/x-raw,pixel-aspect-ratio=" + std::to_string(size.pixel_width) + "/" +
         std::to_string(size.pixel_height) + ",width=" + std::to_string(size.width) +
         ",height=" + std::to_string(size.height);
}

void add_fitting(Pipeline& pipeline, const std::string& fit, const PictureSize& size) {
  const std::vector<Step> steps = fitting(fit, size);
  pipeline.add(steps.front());
  pipeline.note_size([=](const PictureSize& found) { return note_of(fit, size, found); });
  for (size_t i = 1; i < steps.size(); ++i) pipeline.add(steps[i]);
}

void add_silent_fitting(Pipeline& pipeline, const std::string& fit, const PictureSize& size) {
  for (const Step& step : fitting(fit, size)) pipeline.add(step);
}

void add_stretching(Pipeline& pipeline, const PictureSize& size) {
  add_silent_fitting(pipeline, "stretch", size);
}

std::vector<Option> with_input_options(std::vector<Option> own) {
  own.push_back({"batch", "N", "pictures at a time (4)", "batch-size", "svgencode"});
  own.push_back(
      {"fit", "HOW", "crop, letterbox or stretch what has another shape (crop, as trainings)"});
  return with_model_options(std::move(own));
}

}  // namespace svgen::cli
