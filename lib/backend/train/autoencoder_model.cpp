// SPDX-License-Identifier: MIT
// Pictures to latents and back, in training.
#include "train/autoencoder_model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <c10/core/GradMode.h>

#include <vector>

#include "latent/match.h"
#include "latent/posterior.h"
#include "svgen/random.h"

namespace svgen::train {
namespace {

constexpr double kCosineEps = 1e-8;

at::Tensor encoded(const models::FeatureEncoder& encoder, const at::Tensor& pixels) {
  return encoder.features(pixels, encoder.tables(pixels.size(2), pixels.size(3)));  // (N, T, C)
}

EncodedBatch sampled(const at::Tensor& moments, const at::Tensor& noise) {
  const latent::Posterior posterior = latent::posterior_of(moments);
  const at::Tensor &mean = posterior.mean, &log_variance = posterior.log_variance;
  const at::Tensor divergence =
      0.5 * (mean.square() + at::exp(log_variance) - 1 - log_variance).sum({1, 2}).mean();
  return {noise.defined() ? posterior.sample(noise) : mean, divergence};
}

// The deviation of each channel over all images and cells, without gradient: (1, 1, C).
at::Tensor channel_deviations(const at::Tensor& latent, const Processes& processes) {
  return processes.gather(latent.detach()).std({0, 1}, /*unbiased=*/false, /*keepdim=*/true);
}

at::Tensor unit(const at::Tensor& x) {
  return x / at::linalg_vector_norm(x, 2, {-1}, true).clamp_min(kCosineEps);
}

// Cosines between all cells of an image: (N, T, T).
at::Tensor cosines(const at::Tensor& x) {
  const at::Tensor directions = unit(x);
  return at::matmul(directions, directions.transpose(1, 2));
}

at::Tensor per_channel(const std::array<float, 3>& values, const at::Tensor& like) {
  return at::tensor(at::ArrayRef<float>(values.data(), 3)).to(like.options()).view({1, 3, 1, 1});
}

}  // namespace

void AutoencoderModel::visit_autoencoder(const nn::StateScope& state) {
  if (encoder->is_gaussian()) {
    encoder->visit(state);
    decoder->visit(state);
    if (draws_latents)
      state("linear_proj.weight", latent_map, {foundation->channels(), encoder->channels(), 1, 1});
    return;
  }
  if (residual) {
    state("mask_token", mask_token, {1, residual->channels(), 1});
    residual->visit(state.child("extra_vit"));
  }
  decoder->visit(state.child("decoder"));
}

void AutoencoderModel::visit_discriminator(const nn::StateScope& state) {
  if (discriminator) discriminator->visit(state.child("loss.discriminator"));
}

at::Tensor draw_masks(uint64_t seed, std::span<const int64_t> indices, double mask_ratio) {
  const at::Tensor masked = at::empty({static_cast<int64_t>(indices.size())}, at::kBool);
  bool* out = masked.mutable_data_ptr<bool>();
  for (size_t n = 0; n < indices.size(); ++n) {
    const auto index = static_cast<uint64_t>(indices[n]);
    out[n] = uniform_numbers(seed, index, RandomPurpose::kTraining)[0] < mask_ratio;
  }
  return masked;
}

AutoencoderNoise draw_autoencoder_noise(uint64_t seed, std::span<const int64_t> indices,
                                        int64_t cells, int64_t channels, double latent_noise) {
  const auto count = static_cast<int64_t>(indices.size());
  const int64_t kinds = latent_noise > 0 ? 2 : 1;
  const at::Tensor drawn = at::empty({count, kinds, cells, channels}, at::kFloat);
  const at::Tensor deviations = at::empty({count, 1, 1}, at::kFloat);
  const auto elements = static_cast<size_t>(kinds * cells * channels);
  for (size_t n = 0; n < indices.size(); ++n) {
    const auto index = static_cast<uint64_t>(indices[n]);
    normal_noise(seed, index, RandomPurpose::kTrainingNoise,
                 {drawn.mutable_data_ptr<float>() + n * elements, elements});
    deviations.mutable_data_ptr<float>()[n] = static_cast<float>(
        latent_noise * uniform_numbers(seed, index, RandomPurpose::kTraining)[1]);
  }
  AutoencoderNoise noise{drawn.select(1, 0).contiguous(), {}};
  if (latent_noise > 0) noise.latent = drawn.select(1, 1) * deviations;
  return noise;
}

EncodedBatch encode_for_training(const AutoencoderModel& model, const AutoencoderBatch& batch,
                                 const Processes& processes) {
  if (model.encoder->is_gaussian())
    return sampled(model.encoder->features(batch.pixels, {}), batch.noise);
  at::Tensor semantic;
  {
    const at::NoGradGuard frozen;
    semantic = encoded(*model.encoder, batch.pixels);  // (N, T, Cs)
  }
  if (!model.residual) return {semantic, {}};
  at::Tensor residual = model.residual->features(batch.pixels, {});  // (N, T, Cr)
  const at::Tensor token = model.mask_token.to(residual.scalar_type()).transpose(1, 2);
  residual = at::where(batch.masked.view({-1, 1, 1}), token, residual);
  if (!model.aligns) return {at::cat({semantic, residual}, 2), {}};
  const AlignmentScalars scalars =
      latent::alignment_scalars(processes.gather(semantic), processes.gather(residual.detach()));
  return {at::cat({semantic, latent::match_distribution(residual, scalars)}, 2), {}};
}

at::Tensor reconstruct(const AutoencoderModel& model, const at::Tensor& latent,
                       const AutoencoderBatch& batch, const Processes& processes) {
  at::Tensor z = latent;
  if (batch.latent_noise.defined())
    z = z + (batch.latent_noise * channel_deviations(z, processes)).to(z.scalar_type());
  const int64_t height = batch.target.size(2) / model.cell,
                width = batch.target.size(3) / model.cell;
  return model.decoder->pixels(
      z.transpose(1, 2).reshape({z.size(0), z.size(2), height, width}));  // (N, 3, H, W)
}

at::Tensor foundation_loss(const at::Tensor& z, const at::Tensor& f, double cosine_margin,
                           double distance_margin) {
  const at::Tensor apart = at::relu(1 - cosine_margin - at::cosine_similarity(z, f, 2, kCosineEps));
  const at::Tensor unlike = at::relu((cosines(z) - cosines(f)).abs() - distance_margin);
  return apart.mean() + unlike.mean();
}

at::Tensor mapped_latents(const AutoencoderModel& model, const at::Tensor& latent) {
  const at::Tensor map = model.latent_map.flatten(1).to(latent.scalar_type());  // (F, C)
  return at::matmul(latent, map.t());                                           // (N, T, F)
}

at::Tensor features_of(const models::FeatureEncoder& encoder, const at::Tensor& pictures) {
  const models::PixelScale scale = encoder.pixel_scale();
  const at::Tensor pixels =
      ((pictures + 1) / 2 - per_channel(scale.mean, pictures)) / per_channel(scale.std, pictures);
  return encoded(encoder, pixels);
}

at::Tensor constant_features_of(const models::FeatureEncoder& encoder, const at::Tensor& pictures) {
  const at::NoGradGuard constant;
  return features_of(encoder, pictures);
}

}  // namespace svgen::train
