// SPDX-License-Identifier: MIT
// One step of phase 1: reconstruction, perceptual distance and discriminator, and what Gaussian
// latents add.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "train/autoencoder_model.h"
#include "train/metrics.h"

namespace svgen::train {

/// Distance of reconstructions from targets (N, 3, H, W) in [-1, 1]: (N). `target` has no gradient.
using PerceptualDistance =
    std::function<at::Tensor(const at::Tensor& target, const at::Tensor& reconstruction)>;

struct AutoencoderLoss {
  double perceptual_weight = 1;  // 0: the distance is not computed
  double perceptual_share = 1;   // of the batch, its first images: their mean stands for all
  double discriminator_weight = 0.5;
  int64_t discriminator_start = 5001;  // in optimizer steps of both sides
  // Of Gaussian latents.
  double kl_weight = 1e-6;
  double vf_weight = 0.1, vf_distance_margin = 0.25, vf_cosine_margin = 0.5;
};

/// The trained tensors of both sides, and of the first the weights in which the losses are weighed:
/// the decoder's last, and the last of an encoder with Gaussian latents.
struct AutoencoderLeaves {
  std::vector<at::Tensor> autoencoder, discriminator;
  at::Tensor last_layer, encoder_last_layer = {};
};

/// Adds `share` of the batch's gradients to all trained tensors: those of the autoencoder from
///   nll + weight g + w_KL KL + w_VF' VF,
///   nll = sum(|x - x'| + w_p perceptual) / N,  g = -mean(D(x')),
///   weight = w_D clamp(||grad nll|| / (||grad g|| + 1e-4), 0, 1e4) at decoder.conv_out.weight,
///   KL, VF: divergence and foundation_loss() of Gaussian latents,
///   w_VF' = w_VF clamp(||grad nll|| / (||grad VF|| + 1e-4), 0, 1e8) at encoder.conv_out.weight,
/// and those of the discriminator from the hinge loss on the same reconstruction. Both
/// discriminator terms are multiplied by 0 until their start; `step` counts batches from 0.
Metrics accumulate_gradients(AutoencoderModel& model, const AutoencoderBatch& batch,
                             const AutoencoderLoss& loss, const PerceptualDistance& perceptual,
                             int64_t step, double share, const AutoencoderLeaves& leaves,
                             const Processes& processes);

}  // namespace svgen::train
