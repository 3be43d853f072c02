// SPDX-License-Identifier: MIT
// One step of phase 1: reconstruction, perceptual distance and discriminator on the frozen
// encoder's features, aligned residual and decoder.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/patch_gan/patch_gan.h"
#include "models/residual_vit/residual_vit.h"
#include "nn/state.h"
#include "train/metrics.h"
#include "train/processes.h"

namespace svgen::train {

/// Distance of reconstructions from targets (N, 3, H, W) in [-1, 1]: (N). `target` has no gradient.
using PerceptualDistance =
    std::function<at::Tensor(const at::Tensor& target, const at::Tensor& reconstruction)>;

/// The networks of phase 1. The encoder is frozen; the residual branch may be absent.
struct AutoencoderModel {
  models::DinoV3 encoder;
  std::optional<models::ResidualVit> residual;
  models::ConvDecoder decoder;
  at::Tensor mask_token;  // (1, outputs, 1)
  bool aligns = true;     // the residual's distribution to that of the semantic features
  std::optional<models::PatchGan> discriminator;

  /// Visits what the autoencoder's optimizer trains, under the names of the published checkpoint.
  void visit_autoencoder(const nn::StateScope& state);
  /// The discriminator, under its published names; nothing without one.
  void visit_discriminator(const nn::StateScope& state);
};

struct AutoencoderBatch {
  at::Tensor target;  // (N, 3, H, W) float32 in [-1, 1]
  at::Tensor pixels;  // (N, 3, H, W) float32, the encoders' normalised input
  at::Tensor masked;  // (N) bool: the mask token stands in for the residual
};

struct AutoencoderLoss {
  double perceptual_weight = 1;  // 0: the distance is not computed
  double perceptual_share = 1;   // of the batch, its first images: their mean stands for all
  double discriminator_weight = 0.5;
  int64_t discriminator_start = 5001;  // in optimizer steps of both sides
};

/// Whether an image's residual is hidden, a function of (seed, index): (N) bool.
at::Tensor draw_masks(uint64_t seed, std::span<const int64_t> indices, double mask_ratio);

/// The latent (N, T, C) with the alignment of the paper: scalars of the whole batch, without
/// gradient; or the residual as it is, or none. The encoder records nothing.
at::Tensor encode_for_training(const AutoencoderModel& model, const AutoencoderBatch& batch,
                               const Processes& processes);

/// The picture (N, 3, H, W) of a latent (N, T, C).
at::Tensor reconstruct(const AutoencoderModel& model, const at::Tensor& latent,
                       const at::Tensor& like);

/// The trained tensors of both sides, and of the first the decoder's last weight, in which the
/// losses are weighed.
struct AutoencoderLeaves {
  std::vector<at::Tensor> autoencoder, discriminator;
  at::Tensor last_layer;
};

/// Adds `share` of the batch's gradients to all trained tensors: those of the autoencoder from
///   nll + weight g,  nll = sum(|x - x'| + w_p perceptual) / N,  g = -mean(D(x')),
///   weight = w_D clamp(||grad nll|| / (||grad g|| + 1e-4), 0, 1e4) at decoder.conv_out.weight,
/// and those of the discriminator from the hinge loss on the same reconstruction. Both
/// discriminator terms are multiplied by 0 until their start; `step` counts batches from 0.
Metrics accumulate_gradients(AutoencoderModel& model, const AutoencoderBatch& batch,
                             const AutoencoderLoss& loss, const PerceptualDistance& perceptual,
                             int64_t step, double share, const AutoencoderLeaves& leaves,
                             const Processes& processes);

}  // namespace svgen::train
