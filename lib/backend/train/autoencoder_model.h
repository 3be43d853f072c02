// SPDX-License-Identifier: MIT
// What phase 1 trains: pictures to latents and back.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <span>

#include "models/network.h"
#include "models/patch_gan/patch_gan.h"
#include "nn/state.h"
#include "train/processes.h"

namespace svgen::train {

/// The networks of phase 1. Around a frozen encoder the residual branch (which may be absent) and
/// the decoder are trained; an encoder with Gaussian latents is trained itself.
struct AutoencoderModel {
  std::unique_ptr<models::FeatureEncoder> encoder, residual;
  std::unique_ptr<models::PixelDecoder> decoder;
  int64_t cell = 16;      // pixels of a cell of the latent, and side
  at::Tensor mask_token;  // (1, outputs, 1)
  bool aligns = true;     // the residual's distribution to that of the semantic features
  std::optional<models::PatchGan> discriminator;
  // A frozen encoder beside Gaussian latents; null: none. Where they are drawn towards its
  // features, also the map from latents to these, (F, C, 1, 1).
  std::shared_ptr<models::FeatureEncoder> foundation;
  bool draws_latents = false;
  at::Tensor latent_map;

  /// Visits what the autoencoder's optimizer trains, under the names of the published checkpoint.
  void visit_autoencoder(const nn::StateScope& state);
  /// The discriminator, under its published names; nothing without one.
  void visit_discriminator(const nn::StateScope& state);
};

struct AutoencoderBatch {
  at::Tensor target;  // (N, 3, H, W) float32 in [-1, 1]
  at::Tensor pixels;  // (N, 3, H, W) float32, the encoder's scaled input
  at::Tensor masked;  // (N) bool: the mask token stands in for the residual
  at::Tensor noise;   // (N, T, C) of a posterior; undefined: its mean
  // (N, T, C) of what the decoder sees, in units of a channel's deviation; undefined: none.
  at::Tensor latent_noise;
};

/// Whether an image's residual is hidden, a function of (seed, index): (N) bool.
at::Tensor draw_masks(uint64_t seed, std::span<const int64_t> indices, double mask_ratio);

/// Noise of a posterior and of what the decoder sees, functions of (seed, index): (N, cells,
/// channels) float32 each. The second has a deviation uniform in 0 .. `latent_noise` for each
/// image, and is undefined where that is 0.
struct AutoencoderNoise {
  at::Tensor posterior, latent;
};
AutoencoderNoise draw_autoencoder_noise(uint64_t seed, std::span<const int64_t> indices,
                                        int64_t cells, int64_t channels, double latent_noise);

struct EncodedBatch {
  at::Tensor latent;  // (N, T, C)
  /// Distance of the posteriors from a normal distribution, 1/2 sum(mean^2 + var - 1 - log var),
  /// mean over images; undefined of latents that are not Gaussian.
  at::Tensor divergence;
};

/// The latents. Around a frozen encoder, which records nothing, with the alignment of the paper:
/// scalars of the whole batch, without gradient; or the residual as it is, or none.
EncodedBatch encode_for_training(const AutoencoderModel& model, const AutoencoderBatch& batch,
                                 const Processes& processes);

/// The picture (N, 3, H, W) of a latent (N, T, C), with the batch's noise on it.
at::Tensor reconstruct(const AutoencoderModel& model, const at::Tensor& latent,
                       const AutoencoderBatch& batch, const Processes& processes);

/// What latents z and features f of a frozen encoder, (N, T, F) each, do not forgive each other:
/// relu(1 - cosine margin - cos(z_i, f_i)), mean over cells, plus relu(|cos(z_i, z_j) - cos(f_i,
/// f_j)| - distance margin), mean over pairs of cells of an image (Yao et al., 2025, section 3.2).
at::Tensor foundation_loss(const at::Tensor& z, const at::Tensor& f, double cosine_margin,
                           double distance_margin);

/// The latents in the space of the foundation's features, (N, T, F).
at::Tensor mapped_latents(const AutoencoderModel& model, const at::Tensor& latent);

/// The features (N, T, D) that a frozen encoder sees in pictures (N, 3, H, W) from -1 to 1.
at::Tensor features_of(const models::FeatureEncoder& encoder, const at::Tensor& pictures);
/// The same, without a gradient.
at::Tensor constant_features_of(const models::FeatureEncoder& encoder, const at::Tensor& pictures);

}  // namespace svgen::train
