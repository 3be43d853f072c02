// SPDX-License-Identifier: MIT
// The convolutional decoder from latents to pixels.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "models/component.h"
#include "models/network.h"
#include "nn/conv_blocks.h"
#include "nn/state.h"
#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::models {

struct ConvDecoderConfig {
  int64_t latent_channels = 392;
  int64_t channels = 128;                              // of the finest level, times multipliers
  std::vector<int64_t> multipliers = {1, 1, 2, 2, 4};  // finest level first
  int64_t res_blocks = 2;                              // as published; the decoder has one more
  std::vector<int64_t> attention_levels = {4};
  int64_t groups = 32;

  /// Pixels per latent position and side: 2^(levels - 1).
  int64_t upscale() const { return int64_t{1} << (multipliers.size() - 1); }
  bool operator==(const ConvDecoderConfig&) const = default;
};

extern const weights::Spelling kConvDecoderSpelling;
extern const Component<ConvDecoderConfig> kConvDecoder;

/// The sizes from the card and the shapes in `source`. `latent_channels` is what the other parts
/// say, 0 when unknown. ConfigurationError names a key that contradicts the file.
ConvDecoderConfig infer_conv_decoder_config(const DecoderConfig& card,
                                            const weights::StateSource& source,
                                            int64_t latent_channels);

/// One resolution: res_blocks + 1 blocks, each followed by attention where the level has it.
struct ConvDecoderLevel {
  ConvDecoderLevel(int64_t in, int64_t out, const ConvDecoderConfig& config, bool attends,
                   bool upsamples);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(at::Tensor h) const;

  std::vector<nn::ResnetBlock> block;
  std::vector<nn::AttnBlock> attn;
  std::optional<nn::Upsample> upsample;
};

struct ConvDecoder : PixelDecoder {
  explicit ConvDecoder(ConvDecoderConfig decoder_config);

  void visit(const nn::StateScope& state) override;
  int64_t channels() const override { return config.latent_channels; }
  at::Tensor pixels(const at::Tensor& latents) const override { return forward(latents); }

  /// Latents (N, C, h, w) -> pixels (N, 3, H, W), nominally in [-1, 1], not clamped; any layout in,
  /// contiguous or channels-last out. ShapeError on another channel count.
  at::Tensor forward(const at::Tensor& latent) const;

  ConvDecoderConfig config;
  nn::Conv2d conv_in;
  nn::ResnetBlock mid_block_1;
  nn::AttnBlock mid_attn_1;
  nn::ResnetBlock mid_block_2;
  std::vector<ConvDecoderLevel> up;  // up[L] is level L; the last one runs first
  nn::GroupNorm norm_out;
  nn::Conv2d conv_out;
};

}  // namespace svgen::models
