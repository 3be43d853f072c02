// SPDX-License-Identifier: MIT
// The halves of an autoencoder with Gaussian latents.
#include "models/kl_autoencoder/kl_autoencoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::models {
namespace {

int64_t top_channels(const KlEncoderConfig& config) {
  return config.channels * config.multipliers.back();
}

}  // namespace

KlEncoderLevel::KlEncoderLevel(int64_t in, int64_t out, const KlEncoderConfig& config, bool attends,
                               bool downsamples) {
  for (int64_t i = 0; i < config.res_blocks; ++i) {
    block.emplace_back(i == 0 ? in : out, out, config.groups);
    if (attends) attn.emplace_back(out, config.groups);
  }
  if (downsamples) downsample.emplace(out);
}

void KlEncoderLevel::visit(const nn::StateScope& state) {
  for (size_t i = 0; i < block.size(); ++i) block[i].visit(state.child("block", i));
  for (size_t i = 0; i < attn.size(); ++i) attn[i].visit(state.child("attn", i));
  if (downsample) downsample->visit(state.child("downsample"));
}

at::Tensor KlEncoderLevel::operator()(at::Tensor h) const {
  for (size_t i = 0; i < block.size(); ++i) {
    h = block[i](h);  // (N, out, H, W)
    if (!attn.empty()) h = attn[i](h);
  }
  return downsample ? (*downsample)(h) : h;  // (N, out, H / 2, W / 2)
}

KlEncoder::KlEncoder(KlEncoderConfig encoder_config)
    : config(std::move(encoder_config)),
      conv_in(3, config.channels, 3),
      mid_block_1(top_channels(config), top_channels(config), config.groups),
      mid_attn_1(top_channels(config), config.groups),
      mid_block_2(top_channels(config), top_channels(config), config.groups),
      norm_out(top_channels(config), config.groups),
      conv_out(top_channels(config), 2 * config.z_channels, 3),
      quant_conv(2 * config.z_channels, 2 * config.latent_channels, 1) {
  const auto levels = static_cast<int64_t>(config.multipliers.size());
  for (int64_t level = 0; level < levels; ++level) {
    const int64_t finer = level == 0 ? 1 : config.multipliers[level - 1];
    const bool attends =
        std::count(config.attention_levels.begin(), config.attention_levels.end(), level) > 0;
    down.emplace_back(config.channels * finer, config.channels * config.multipliers[level], config,
                      attends, level + 1 < levels);
  }
}

void KlEncoder::visit(const nn::StateScope& state) {
  const nn::StateScope encoder = state.child("encoder");
  conv_in.visit(encoder.child("conv_in"));
  for (size_t level = 0; level < down.size(); ++level)
    down[level].visit(encoder.child("down", level));
  mid_block_1.visit(encoder.child("mid.block_1"));
  mid_attn_1.visit(encoder.child("mid.attn_1"));
  mid_block_2.visit(encoder.child("mid.block_2"));
  norm_out.visit(encoder.child("norm_out"));
  conv_out.visit(encoder.child("conv_out"));
  quant_conv.visit(state.child("quant_conv"));
}

void KlEncoder::arrange() {
  for (KlEncoderLevel& level : down)
    if (level.downsample) level.downsample->arrange();
}

at::Tensor KlEncoder::moments(const at::Tensor& pixels) const {
  const int64_t scale = config.downscale();
  if (pixels.dim() != 4 || pixels.size(1) != 3 || pixels.size(2) % scale != 0 ||
      pixels.size(3) % scale != 0)
    throw ShapeError("the picture does not divide into the cells of the latent: scale or crop it",
                     {.expected = "[N, 3, H, W] with H and W multiples of " + std::to_string(scale),
                      .found = shape_text(pixels.sizes().vec())});
  at::Tensor h = conv_in(nn::channels_last(pixels));  // (N, channels, H, W)
  for (const KlEncoderLevel& level : down) h = level(h);
  h = mid_block_2(mid_attn_1(mid_block_1(h)));          // (N, top, h, w)
  return quant_conv(conv_out(norm_out.then_swish(h)));  // (N, 2C, h, w)
}

at::Tensor KlEncoder::features(const at::Tensor& pixels, at::TensorList /*tables*/) const {
  return moments(pixels).flatten(2).transpose(1, 2).to(at::kFloat);  // (N, T, 2C)
}

KlDecoder::KlDecoder(KlDecoderConfig decoder_config)
    : config(std::move(decoder_config)),
      post_quant_conv(config.latent_channels, config.decoder.latent_channels, 1),
      decoder(config.decoder) {}

void KlDecoder::visit(const nn::StateScope& state) {
  decoder.visit(state.child("decoder"));
  post_quant_conv.visit(state.child("post_quant_conv"));
}

at::Tensor KlDecoder::pixels(const at::Tensor& latents) const {
  return decoder.forward(post_quant_conv(latents));  // (N, 3, H, W)
}

}  // namespace svgen::models
