// SPDX-License-Identifier: MIT
// The loss of phase 1 and its gradients.
#include "train/autoencoder_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace svgen::train {
namespace {

constexpr double kNormEps = 1e-4, kLargestWeight = 1e4, kLargestFoundationWeight = 1e8;

// The gradient of a loss that is built on `leaf`, which is left without one.
at::Tensor take_gradient(const at::Tensor& loss, const at::Tensor& leaf) {
  loss.backward({}, /*retain_graph=*/false, /*create_graph=*/false, {{leaf}});
  at::Tensor gradient = leaf.grad();
  leaf.mutable_grad() = at::Tensor();
  return gradient;
}

// The norm of the gradient that reaches a weight from `root`, whose own gradient is given, over all
// processes.
double norm_at(const at::Tensor& weight, const at::Tensor& root, const at::Tensor& gradient,
               const Processes& processes) {
  const at::Tensor kept = std::exchange(weight.mutable_grad(), at::Tensor());
  root.backward(gradient, /*retain_graph=*/true, /*create_graph=*/false, {{weight}});
  at::Tensor reached = weight.grad().detach().clone();
  weight.mutable_grad() = kept;
  processes.average(reached);
  return at::linalg_vector_norm(reached).item<double>();
}

double adaptive_weight(double nll_norm, double other_norm, double largest = kLargestWeight) {
  return std::clamp(nll_norm / (other_norm + kNormEps), 0.0, largest);
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

// What the loss says of Gaussian latents; undefined of others. `nll` is a reconstruction with the
// gradient of the likelihood. Adds to the metrics.
struct Differentiated {
  at::Tensor root, gradient;
};
at::Tensor latent_terms(const AutoencoderModel& model, const EncodedBatch& encoded,
                        const AutoencoderBatch& batch, const AutoencoderLoss& loss,
                        const Differentiated& nll, const AutoencoderLeaves& leaves,
                        const Processes& processes, Metrics& metrics) {
  if (!encoded.divergence.defined()) return {};
  at::Tensor terms = loss.kl_weight * encoded.divergence;
  metrics.emplace_back("kl", encoded.divergence.item<double>());
  if (model.draws_latents) {
    const at::Tensor wanted =
        constant_features_of(*model.foundation, batch.target).to(encoded.latent.scalar_type());
    const at::Tensor vf = foundation_loss(mapped_latents(model, encoded.latent), wanted,
                                          loss.vf_cosine_margin, loss.vf_distance_margin);
    const at::Tensor& layer = leaves.encoder_last_layer;
    const double weight =
        loss.vf_weight *
        adaptive_weight(
            norm_at(layer, nll.root, nll.gradient.to(nll.root.scalar_type()), processes),
            norm_at(layer, vf, at::ones_like(vf), processes), kLargestFoundationWeight);
    terms = terms + weight * vf;
    metrics.emplace_back("vf", vf.item<double>());
    metrics.emplace_back("vf_weight", weight);
  }
  metrics[0].second += terms.item<double>();
  return terms;
}

}  // namespace

Metrics accumulate_gradients(AutoencoderModel& model, const AutoencoderBatch& batch,
                             const AutoencoderLoss& loss, const PerceptualDistance& perceptual,
                             int64_t step, double share, const AutoencoderLeaves& leaves,
                             const Processes& processes) {
  const int64_t images = batch.target.size(0);
  const EncodedBatch encoded = encode_for_training(model, batch, processes);
  const at::Tensor picture = reconstruct(model, encoded.latent, batch, processes);  // (N, 3, H, W)
  // The losses meet the autoencoder in this one tensor, so each is differentiated down to it once.
  const at::Tensor meeting = picture.detach().to(batch.target.scalar_type()).requires_grad_();

  const at::Tensor l1 = (batch.target - meeting).abs();  // (N, 3, H, W)
  const at::Tensor distance = mean_distance(batch.target, meeting, loss, perceptual);
  const int64_t values = l1.numel() / images;
  const auto pixels = static_cast<double>(values);
  const at::Tensor nll = l1.sum() / images + loss.perceptual_weight * pixels * distance;
  const at::Tensor nll_gradient = take_gradient(nll, meeting);
  at::Tensor gradient = nll_gradient;
  Metrics metrics = {{"loss", nll.item<double>()},
                     {"nll", nll.item<double>()},
                     {"l1", l1.detach().mean().item<double>()},
                     {"perceptual", distance.detach().item<double>()}};
  if (model.discriminator) {
    models::PatchGan& discriminator = *model.discriminator;
    const models::SumOverProcesses sum = processes.differentiable_sum();
    const at::Tensor g = -discriminator.forward(meeting, sum).mean();
    const at::Tensor g_gradient = take_gradient(g, meeting);
    const double nll_norm = norm_at(leaves.last_layer, picture, nll_gradient, processes);
    const double gan_norm = norm_at(leaves.last_layer, picture, g_gradient, processes);
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
  const at::Tensor terms = latent_terms(model, encoded, batch, loss, {picture, nll_gradient},
                                        leaves, processes, metrics);
  gradient = (gradient * share).to(picture.scalar_type());
  if (!terms.defined())
    picture.backward(gradient, false, false, leaves.autoencoder);
  else  // both ways to the encoder at once
    ((picture * gradient).sum() + terms * share).backward({}, false, false, leaves.autoencoder);
  return metrics;
}

}  // namespace svgen::train
