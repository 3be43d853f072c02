// SPDX-License-Identifier: MIT
// The two halves of an autoencoder whose latents are Gaussian (Rombach et al., 2022, section 3.1):
// SD-VAE, VA-VAE.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "models/component.h"
#include "models/conv_decoder/conv_decoder.h"
#include "models/network.h"
#include "nn/conv_blocks.h"
#include "nn/state.h"

namespace svgen::models {

struct KlEncoderConfig {
  int64_t latent_channels = 4;                      // of the moments and of the latent
  int64_t z_channels = 4;                           // before the last 1x1 convolution
  int64_t channels = 128;                           // of the finest level, times multipliers
  std::vector<int64_t> multipliers = {1, 2, 4, 4};  // finest level first
  int64_t res_blocks = 2;
  std::vector<int64_t> attention_levels = {};
  int64_t groups = 32;

  /// Pixels per latent position and side: 2^(levels - 1).
  int64_t downscale() const { return int64_t{1} << (multipliers.size() - 1); }
  bool operator==(const KlEncoderConfig&) const = default;
};

struct KlDecoderConfig {
  int64_t latent_channels = 4;
  ConvDecoderConfig decoder = {
      .latent_channels = 4, .multipliers = {1, 2, 4, 4}, .attention_levels = {}};  // of z

  bool operator==(const KlDecoderConfig&) const = default;
};

extern const weights::Spelling kKlEncoderSpelling, kKlDecoderSpelling;
extern const Component<KlEncoderConfig> kKlEncoder;
extern const Component<KlDecoderConfig> kKlDecoder;

/// One resolution: res_blocks blocks, each followed by attention where the level has it.
struct KlEncoderLevel {
  KlEncoderLevel(int64_t in, int64_t out, const KlEncoderConfig& config, bool attends,
                 bool downsamples);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(at::Tensor h) const;

  std::vector<nn::ResnetBlock> block;
  std::vector<nn::AttnBlock> attn;
  std::optional<nn::Downsample> downsample;
};

struct KlEncoder : FeatureEncoder {
  explicit KlEncoder(KlEncoderConfig encoder_config);

  void visit(const nn::StateScope& state) override;
  void arrange() override;
  int64_t channels() const override { return config.latent_channels; }
  PixelScale pixel_scale() const override { return kSignedScale; }
  bool is_gaussian() const override { return true; }
  at::Tensor features(const at::Tensor& pixels, at::TensorList tables) const override;

  /// Pixels (N, 3, H, W) in [-1, 1] -> moments (N, 2 C, H / s, W / s): means, then logarithms of
  /// variances. ShapeError unless both sides are multiples of s = downscale().
  at::Tensor moments(const at::Tensor& pixels) const;

  KlEncoderConfig config;
  nn::Conv2d conv_in;
  std::vector<KlEncoderLevel> down;
  nn::ResnetBlock mid_block_1;
  nn::AttnBlock mid_attn_1;
  nn::ResnetBlock mid_block_2;
  nn::GroupNorm norm_out;
  nn::Conv2d conv_out;
  nn::Conv2d quant_conv;
};

struct KlDecoder : PixelDecoder {
  explicit KlDecoder(KlDecoderConfig decoder_config);

  void visit(const nn::StateScope& state) override;
  int64_t channels() const override { return config.latent_channels; }
  at::Tensor pixels(const at::Tensor& latents) const override;

  KlDecoderConfig config;
  nn::Conv2d post_quant_conv;
  ConvDecoder decoder;
};

}  // namespace svgen::models
