// SPDX-License-Identifier: MIT
// The loss of phase 1 and its gradients.
#include "train/autoencoder_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "latent/match.h"
#include "svgen/random.h"

namespace svgen::train {
namespace {

constexpr double kNormEps = 1e-4, kLargestWeight = 1e4;

// The gradient of a loss that is built on `leaf`, which is left without one.
at::Tensor take_gradient(const at::Tensor& loss, const at::Tensor& leaf) {
  loss.backward({}, /*retain_graph=*/false, /*create_graph=*/false, {{leaf}});
  at::Tensor gradient = leaf.grad();
  leaf.mutable_grad() = at::Tensor();
  return gradient;
}

// The norm of the gradient that reaches the decoder's last convolution, over all processes.
double norm_at_last_layer(const at::Tensor& reconstruction, const at::Tensor& gradient,
                          const at::Tensor& last_layer, const Processes& processes) {
  const at::Tensor kept = std::exchange(last_layer.mutable_grad(), at::Tensor());
  reconstruction.backward(gradient, /*retain_graph=*/true, /*create_graph=*/false, {{last_layer}});
  at::Tensor reached = last_layer.grad().detach().clone();
  last_layer.mutable_grad() = kept;
  processes.average(reached);
  return at::linalg_vector_norm(reached).item<double>();
}

double adaptive_weight(double nll_norm, double gan_norm) {
  return std::clamp(nll_norm / (gan_norm + kNormEps), 0.0, kLargestWeight);
}

// 1/2 (relu(1 - real) + relu(1 + fake)), means.
at::Tensor hinge_loss(const at::Tensor& real, const at::Tensor& fake) {
  return (at::relu(1 - real).mean() + at::relu(1 + fake).mean()) * 0.5;
}

// Averages the distance over the images that are judged.
at::Tensor mean_distance(const at::Tensor& target, const at::Tensor& reconstruction,
                         const AutoencoderLoss& loss, const PerceptualDistance& perceptual) {
  if (loss.perceptual_weight == 0) return at::zeros({}, target.options());
  const int64_t images = target.size(0);
  const auto wanted = std::llround(loss.perceptual_share * static_cast<double>(images));
  const int64_t judged = std::clamp<int64_t>(wanted, 1, images);
  return perceptual(target.narrow(0, 0, judged), reconstruction.narrow(0, 0, judged)).mean();
}

}  // namespace

void AutoencoderModel::visit_autoencoder(const nn::StateScope& state) {
  if (residual) {
    state("mask_token", mask_token, {1, residual->config.outputs, 1});
    residual->visit(state.child("extra_vit"));
  }
  decoder.visit(state.child("decoder"));
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

at::Tensor encode_for_training(const AutoencoderModel& model, const AutoencoderBatch& batch,
                               const Processes& processes) {
  at::Tensor semantic;
  {
    const at::NoGradGuard frozen;
    semantic = model.encoder.patch_tokens(batch.pixels);  // (N, T, Cs)
  }
  if (!model.residual) return semantic;
  at::Tensor residual = model.residual->forward(batch.pixels);  // (N, T, Cr)
  const at::Tensor token = model.mask_token.to(residual.scalar_type()).transpose(1, 2);
  residual = at::where(batch.masked.view({-1, 1, 1}), token, residual);
  if (!model.aligns) return at::cat({semantic, residual}, 2);
  const AlignmentScalars scalars =
      latent::alignment_scalars(processes.gather(semantic), processes.gather(residual.detach()));
  return at::cat({semantic, latent::match_distribution(residual, scalars)}, 2);  // (N, T, C)
}

at::Tensor reconstruct(const AutoencoderModel& model, const at::Tensor& latent,
                       const at::Tensor& like) {
  const int64_t patch = model.encoder.config.patch;
  const int64_t height = like.size(2) / patch, width = like.size(3) / patch;
  return model.decoder.forward(
      latent.transpose(1, 2).reshape({latent.size(0), latent.size(2), height, width}));
}

Metrics accumulate_gradients(AutoencoderModel& model, const AutoencoderBatch& batch,
                             const AutoencoderLoss& loss, const PerceptualDistance& perceptual,
                             int64_t step, double share, const AutoencoderLeaves& leaves,
                             const Processes& processes) {
  const int64_t images = batch.target.size(0);
  const at::Tensor latent = encode_for_training(model, batch, processes);  // (N, T, C)
  const at::Tensor picture = reconstruct(model, latent, batch.target);     // (N, 3, H, W)
  // The losses meet the autoencoder in this one tensor, so each is differentiated down to it once.
  const at::Tensor meeting = picture.detach().to(batch.target.scalar_type()).requires_grad_();

  const at::Tensor l1 = (batch.target - meeting).abs();  // (N, 3, H, W)
  const at::Tensor distance = mean_distance(batch.target, meeting, loss, perceptual);
  const int64_t values = l1.numel() / images;
  const auto pixels = static_cast<double>(values);
  const at::Tensor nll = l1.sum() / images + loss.perceptual_weight * pixels * distance;
  at::Tensor gradient = take_gradient(nll, meeting);
  Metrics metrics = {{"loss", nll.item<double>()},
                     {"nll", nll.item<double>()},
                     {"l1", l1.detach().mean().item<double>()},
                     {"perceptual", distance.detach().item<double>()}};
  if (model.discriminator) {
    models::PatchGan& discriminator = *model.discriminator;
    const models::SumOverProcesses sum = processes.differentiable_sum();
    const at::Tensor g = -discriminator.forward(meeting, sum).mean();
    const at::Tensor g_gradient = take_gradient(g, meeting);
    const double nll_norm = norm_at_last_layer(picture, gradient, leaves.last_layer, processes);
    const double gan_norm = norm_at_last_layer(picture, g_gradient, leaves.last_layer, processes);
    const double weight = loss.discriminator_weight * adaptive_weight(nll_norm, gan_norm);
    const bool autoencoder_on = 2 * step >= loss.discriminator_start;
    if (autoencoder_on) gradient = gradient + weight * g_gradient;
    metrics[0].second += autoencoder_on ? weight * g.item<double>() : 0;

    const at::Tensor real = discriminator.forward(batch.target, sum);
    const at::Tensor fake = discriminator.forward(meeting.detach(), sum);
    const double factor = 2 * step + 1 >= loss.discriminator_start ? 1 : 0;
    const at::Tensor d = factor * hinge_loss(real, fake);
    (d * share).backward({}, false, false, leaves.discriminator);
    metrics.insert(metrics.end(), {{"adaptive_weight", weight},
                                   {"g_loss", g.item<double>()},
                                   {"d_loss", d.item<double>()},
                                   {"logits_real", real.mean().item<double>()},
                                   {"logits_fake", fake.mean().item<double>()}});
  }
  picture.backward((gradient * share).to(picture.scalar_type()), false, false, leaves.autoencoder);
  return metrics;
}

}  // namespace svgen::train
