// SPDX-License-Identifier: MIT
// The sizes that pictures have on their way through a model.
#include "framing.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include "svgen/error.h"

namespace svgen::cli {
namespace {

constexpr long kMostSide = 16384;  // of videos that encoders take

// Elements whose size the source decides.
constexpr const char *kFrameBefore = "frame-before", *kModel = "model-size",
                     *kFrameBehind = "frame-behind";

std::string text(const PictureSize& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

PictureSize size_of(const std::string& value) {
  std::smatch found;
  static const std::regex kSize("([0-9]{1,5})x([0-9]{1,5})");
  if (std::regex_match(value, found, kSize)) {
    const PictureSize size{std::stoi(found[1]), std::stoi(found[2])};
    if (std::min(size.width, size.height) > 0 && std::max(size.width, size.height) <= kMostSide)
      return size;
  }
  throw ConfigurationError(
      "an option has no such value",
      {.expected = "native, source or WIDTHxHEIGHT up to " + std::to_string(kMostSide),
       .found = value,
       .where = "--size"});
}

}  // namespace

PictureSize nearest_cells(const PictureSize& source, int64_t cell) {
  const double width =
      static_cast<double>(source.width) * source.pixel_width / std::max(1, source.pixel_height);
  const auto rounded = [&](double side) {
    return static_cast<int>(std::max<long>(1, std::lround(side / static_cast<double>(cell))) *
                            cell);
  };
  return {rounded(width), rounded(source.height)};
}

Framing::Framing(const Options& options, const LatentSpec& latent, Grid grid)
    : cell_(latent.cell),
      grid_(grid),
      own_{static_cast<int>(latent.picture_width()), static_cast<int>(latent.picture_height())},
      fit_(fit_of(options)),
      compares_(options.has("compare")) {
  const std::string value = options.text("size", "native");
  if (value == "source" && options.has("fit"))
    throw ConfigurationError(
        "with --size source nothing is cut off and nothing added: leave --fit out",
        {.expected = "no --fit", .found = fit_, .where = "--fit"});
  if (value == "source") return;
  frame_ = value == "native" ? own_ : size_of(value);
  const PictureSize near = nearest_cells(frame_, cell_);
  if (grid_ == Grid::kAny && (near.width != frame_.width || near.height != frame_.height))
    throw ConfigurationError(
        "the model's pictures are made of whole cells: --size " + text(near) +
            " is the nearest size, or --size source keeps the input's",
        {.expected = "multiples of " + std::to_string(cell_), .found = value, .where = "--size"});
}

bool Framing::is_stretched() const {
  return is_of_source() ||
         (grid_ == Grid::kOwn && (frame_.width != own_.width || frame_.height != own_.height));
}

void Framing::set_sizes(Pipeline& pipeline, const PictureSize& source) const {
  const double pixels = static_cast<double>(source.width) * source.height * source.pixel_width /
                        std::max(1, source.pixel_height);
  if (grid_ == Grid::kAny && pixels > static_cast<double>(most_pixels()))
    throw ConfigurationError(
        "so wide pixels make the model's picture too large: name a size, such as --size " +
            text(own_),
        {.expected = "up to " + std::to_string(most_pixels()) + " square pixels, or more where " +
                     kMostPixelsVariable + " allows it",
         .found = text(source) + " of pixels " + std::to_string(source.pixel_width) + ":" +
                  std::to_string(source.pixel_height),
         .where = "--size"});
  const PictureSize model = grid_ == Grid::kOwn ? own_ : nearest_cells(source, cell_);
  for (const char* name : {kFrameBefore, kFrameBehind})
    pipeline.set(name, {{"caps", size_caps(source), "--size"}});
  pipeline.set(kModel, {{"caps", size_caps(model), "--size"}});
  if (compares_) pipeline.widen_comparison(source.width);
}

void Framing::begin(Pipeline& pipeline) const {
  if (is_of_source()) {
    pipeline.add(Step{"videoscale", {{"add-borders", "false", ""}}});
    pipeline.note_size([this, &pipeline](const PictureSize& source) {
      set_sizes(pipeline, source);
      return std::string();
    });
    pipeline.add(Step{"capsfilter"});
    pipeline.name(kFrameBefore);
  } else {
    add_fitting(pipeline, fit_, frame_);
  }
  if (compares_) pipeline.keep_for_comparison();
  if (!is_stretched()) return;
  add_stretching(pipeline, own_);
  pipeline.name(kModel);
}

void Framing::end(Pipeline& pipeline) const {
  if (is_stretched()) {
    add_stretching(pipeline, is_of_source() ? own_ : frame_);
    pipeline.name(kFrameBehind);
  }
  if (compares_) pipeline.add_comparison(frame_.width);
}

void Framing::fit_mask(Pipeline& pipeline) const {
  if (!is_of_source()) add_silent_fitting(pipeline, fit_, frame_);
  add_stretching(pipeline, own_);
}

std::vector<Option> framing_options(const std::string& words) {
  return {{"size", "SIZE", "native (the model's own), source (the input's) or WxH" + words},
          {"compare", "", "the input on the left, the result on the right"},
          {"no-sound", "", "leave the sound of a video out"}};
}

}  // namespace svgen::cli
