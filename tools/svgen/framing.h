// SPDX-License-Identifier: MIT
// The sizes that pictures have on their way through a model: --size, --fit and --compare.
#pragma once

#include <vector>

#include "options.h"
#include "picture_input.h"
#include "pipeline.h"
#include "svgen/card.h"

namespace svgen::cli {

/// Pictures are first fitted into the frame that the result has, then stretched to what the model
/// takes, and its pictures back to the frame. Of --size native the frame is the model's own size.
class Framing {
 public:
  enum class Grid { kAny, kOwn };

  /// `grid`: whether the model takes pictures of any cells, or only those of its own size.
  /// ConfigurationError for a --size that is none, or that the model does not take.
  Framing(const Options& options, const LatentSpec& latent, Grid grid);

  /// Adds what stands in front of the encoder, and behind the decoder. `pipeline` keeps this object
  /// in mind while it runs.
  void begin(Pipeline& pipeline) const;
  void end(Pipeline& pipeline) const;
  /// Adds what a mask passes, to lie on the model's picture as it would on the input.
  void fit_mask(Pipeline& pipeline) const;

 private:
  bool is_of_source() const { return frame_.width == 0; }
  bool is_stretched() const;
  void set_sizes(Pipeline& pipeline, const PictureSize& source) const;

  int64_t cell_;
  Grid grid_;
  PictureSize own_;    // of the model
  PictureSize frame_;  // 0: the input's
  std::string fit_;
  bool compares_;
};

/// The nearest size of whole cells that has the shape of `source`, with square pixels.
PictureSize nearest_cells(const PictureSize& source, int64_t cell);

/// Options that the class reads, beside --fit. `words` says more about --size.
std::vector<Option> framing_options(const std::string& words);

}  // namespace svgen::cli
