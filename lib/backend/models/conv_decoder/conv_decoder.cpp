// SPDX-License-Identifier: MIT
// The convolutional decoder.
#include "models/conv_decoder/conv_decoder.h"

#include <algorithm>
#include <utility>

#include "models/sizes.h"
#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::models {
namespace {

std::string block_of(int64_t level) {
  return "up." + std::to_string(level) + ".block.";
}

int64_t top_channels(const ConvDecoderConfig& config) {
  return config.channels * config.multipliers.back();
}

ConvDecoderConfig from_card(const Card& card, int64_t latent_channels, MissingKeys& missing) {
  const DecoderConfig& c = *card.decoder;
  missing.require("latent channels (of encoder and residual)", latent_channels);
  missing.require("decoder.channels", c.channels);
  missing.require("decoder.multipliers", static_cast<int64_t>(c.multipliers.size()));
  missing.require("decoder.res_blocks", c.res_blocks);
  return {.latent_channels = latent_channels,
          .channels = c.channels,
          .multipliers = c.multipliers,
          .res_blocks = c.res_blocks,
          .attention_levels = c.attention_levels,
          .groups = c.groups};
}

ConvDecoderConfig from_file(const Card& card, const weights::StateSource& source,
                            int64_t latent_channels) {
  const ConvDecoderConfig config =
      infer_conv_decoder_config(*card.decoder, source, latent_channels);
  if (config.upscale() == card.patch) return config;
  throw ConfigurationError(
      "the decoder does not draw one patch per token: correct \"patch\" or the multipliers",
      {.expected = "patch " + std::to_string(config.upscale()) +
                   " (2 to the number of multipliers less one) as in " + source.path().string(),
       .found = "patch " + std::to_string(card.patch),
       .where = card.path.string()});
}

}  // namespace

constinit const Component<ConvDecoderConfig> kConvDecoder = {
    .part = ModelPart::kDecoder,
    .presets = {},
    .spelling = &kConvDecoderSpelling,
    .from_file = from_file,
    .from_card = from_card,
    .initial_weights = nn::kConvolutionWeights};

ConvDecoderConfig infer_conv_decoder_config(const DecoderConfig& card,
                                            const weights::StateSource& source,
                                            int64_t latent_channels) {
  SizeCheck check("decoder", source);
  ConvDecoderConfig config;
  config.latent_channels = file_size(source, "conv_in.weight", 4, 1);
  if (latent_channels != 0 && latent_channels != config.latent_channels)
    check.reject("latent channels", std::to_string(config.latent_channels),
                 std::to_string(latent_channels));
  // Channels and multipliers appear only as products; the card may place the factor.
  const int64_t finest = file_size(source, "conv_out.weight", 4, 1);
  const int64_t multiplier =
      card.multipliers.empty() ? 1 : std::max<int64_t>(card.multipliers[0], 1);
  config.channels = check.settle("channels", card.channels, finest / multiplier);
  config.multipliers.clear();
  config.attention_levels.clear();
  for (int64_t level = 0; level < file_count(source, "up."); ++level) {
    const int64_t width = file_size(source, block_of(level) + "0.conv1.weight", 4, 0);
    config.multipliers.push_back(width / std::max<int64_t>(config.channels, 1));
    if (width % std::max<int64_t>(card.groups, 1) != 0)
      check.reject("groups", "a divisor of " + std::to_string(width), std::to_string(card.groups));
    if (file_count(source, "up." + std::to_string(level) + ".attn.") > 0)
      config.attention_levels.push_back(level);
  }
  check.settle("multipliers", card.multipliers, config.multipliers);
  std::vector<int64_t> attending = card.attention_levels;
  std::sort(attending.begin(), attending.end());
  check.settle("attention_levels", attending, config.attention_levels);
  config.res_blocks =
      check.settle("res_blocks", card.res_blocks, file_count(source, block_of(0)) - 1);
  config.groups = card.groups;
  check.finish();
  if (config.multipliers.empty() || config.channels * config.multipliers[0] != finest)
    throw WeightsError("the weights file holds no decoder that svgen knows",
                       {.expected = "levels up.0, up.1, ... whose widths are multiples of channels",
                        .found = std::to_string(config.multipliers.size()) + " levels, " +
                                 std::to_string(finest) + " channels before conv_out",
                        .where = source.path().string()});
  return config;
}

ConvDecoderLevel::ConvDecoderLevel(int64_t in, int64_t out, const ConvDecoderConfig& config,
                                   bool attends, bool upsamples) {
  for (int64_t i = 0; i <= config.res_blocks; ++i) {
    block.emplace_back(i == 0 ? in : out, out, config.groups);
    if (attends) attn.emplace_back(out, config.groups);
  }
  if (upsamples) upsample.emplace(out);
}

void ConvDecoderLevel::visit(const nn::StateScope& state) {
  for (size_t i = 0; i < block.size(); ++i) block[i].visit(state.child("block", i));
  for (size_t i = 0; i < attn.size(); ++i) attn[i].visit(state.child("attn", i));
  if (upsample) upsample->visit(state.child("upsample"));
}

at::Tensor ConvDecoderLevel::operator()(at::Tensor h) const {
  for (size_t i = 0; i < block.size(); ++i) {
    h = block[i](h);  // (N, out, H, W)
    if (!attn.empty()) h = attn[i](h);
  }
  return upsample ? (*upsample)(h) : h;  // (N, out, 2H, 2W)
}

ConvDecoder::ConvDecoder(ConvDecoderConfig decoder_config)
    : config(std::move(decoder_config)),
      conv_in(config.latent_channels, top_channels(config), 3),
      mid_block_1(top_channels(config), top_channels(config), config.groups),
      mid_attn_1(top_channels(config), config.groups),
      mid_block_2(top_channels(config), top_channels(config), config.groups),
      norm_out(config.channels * config.multipliers.front(), config.groups),
      conv_out(config.channels * config.multipliers.front(), 3, 3) {
  const int64_t levels = static_cast<int64_t>(config.multipliers.size());
  for (int64_t level = 0; level < levels; ++level) {
    const int64_t above = std::min(level + 1, levels - 1);
    const bool attends =
        std::count(config.attention_levels.begin(), config.attention_levels.end(), level) > 0;
    up.emplace_back(config.channels * config.multipliers[above],
                    config.channels * config.multipliers[level], config, attends, level > 0);
  }
}

void ConvDecoder::visit(const nn::StateScope& state) {
  conv_in.visit(state.child("conv_in"));
  mid_block_1.visit(state.child("mid.block_1"));
  mid_attn_1.visit(state.child("mid.attn_1"));
  mid_block_2.visit(state.child("mid.block_2"));
  for (size_t level = 0; level < up.size(); ++level) up[level].visit(state.child("up", level));
  norm_out.visit(state.child("norm_out"));
  conv_out.visit(state.child("conv_out"));
}

at::Tensor ConvDecoder::forward(const at::Tensor& latent) const {
  if (latent.dim() != 4 || latent.size(1) != config.latent_channels)
    throw ShapeError("the latent does not fit the decoder",
                     {.expected = "[N, " + std::to_string(config.latent_channels) + ", h, w]",
                      .found = shape_text(latent.sizes().vec())});
  at::Tensor h = conv_in(nn::channels_last(latent));  // (N, top, h, w)
  h = mid_block_2(mid_attn_1(mid_block_1(h)));
  for (size_t level = up.size(); level-- > 0;) h = up[level](h);
  return conv_out(norm_out.then_swish(h));  // (N, 3, H, W)
}

}  // namespace svgen::models
