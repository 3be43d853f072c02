// SPDX-License-Identifier: MIT
// The gradients of phase 1 with Gaussian latents; those of SVG are compared in the reference suite.
#include "train/autoencoder_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "models/dinov3/dinov3.h"
#include "models/kl_autoencoder/kl_autoencoder.h"
#include "nn/initial_weights.h"
#include "train/flat_parameters.h"
#include "train/perceptual.h"

namespace svgen::train {
namespace {

// An autoencoder with cells of 8 pixels, drawn towards an encoder with patches of 8.
AutoencoderModel small_model() {
  AutoencoderModel model;
  model.cell = 8;
  model.encoder =
      std::make_unique<models::KlEncoder>(models::KlEncoderConfig{.latent_channels = 3,
                                                                  .z_channels = 3,
                                                                  .channels = 8,
                                                                  .multipliers = {1, 1, 1, 1},
                                                                  .res_blocks = 1,
                                                                  .groups = 4});
  model.decoder = std::make_unique<models::KlDecoder>(
      models::KlDecoderConfig{.latent_channels = 3,
                              .decoder = {.latent_channels = 3,
                                          .channels = 8,
                                          .multipliers = {1, 1, 1, 1},
                                          .res_blocks = 1,
                                          .attention_levels = {},
                                          .groups = 4}});
  auto foundation = std::make_shared<models::DinoV3>(
      models::DinoV3Config{.patch = 8, .width = 32, .depth = 1, .heads = 2, .ffn = 64});
  test::fill(*foundation);
  foundation->periods = at::Tensor();
  model.foundation = foundation;
  model.draws_latents = true;
  nn::draw_initial_weights([&](const nn::StateScope& s) { model.visit_autoencoder(s); },
                           models::kKlEncoder.initial_weights, 1, 0);
  return model;
}

TEST(AutoencoderStep, GaussianLatentsAddTheirTermsToTheGradient) {
  AutoencoderModel model = small_model();
  FlatParameters parameters([&](const nn::StateScope& s) { model.visit_autoencoder(s); }, at::kCPU);
  const AutoencoderLeaves leaves{parameters.leaves(),
                                 {},
                                 parameters.leaf("decoder.conv_out.weight"),
                                 parameters.leaf("encoder.conv_out.weight")};
  const at::Tensor pictures = at::rand({2, 3, 32, 32}) * 2 - 1;
  const AutoencoderBatch batch{
      pictures, pictures, at::zeros({2}, at::kBool), at::randn({2, 16, 3}), {}};
  const PerceptualDistance perceptual = feature_distance(model.foundation.get());
  const Processes alone;
  const AutoencoderLoss loss{.kl_weight = 0.01, .vf_weight = 0.3};

  parameters.bind(at::kFloat);
  const Metrics metrics =
      accumulate_gradients(model, batch, loss, perceptual, 0, 0.5, leaves, alone);
  const at::Tensor found = parameters.gradients().clone();
  const auto metric = [&](const std::string& name) {
    for (const auto& [key, value] : metrics)
      if (key == name) return value;
    ADD_FAILURE() << name;
    return 0.0;
  };
  EXPECT_GT(metric("vf_weight"), 0);

  // The same as one expression, with the weight that was found.
  const EncodedBatch encoded = encode_for_training(model, batch, alone);
  const at::Tensor picture = reconstruct(model, encoded.latent, batch, alone);
  const double pixels = 3 * 32 * 32;
  const at::Tensor nll =
      (pictures - picture).abs().sum() / 2 + pixels * perceptual(pictures, picture).mean();
  const at::Tensor vf = foundation_loss(mapped_latents(model, encoded.latent),
                                        features_of(*model.foundation, pictures), 0.5, 0.25);
  const at::Tensor total = nll + 0.01 * encoded.divergence + metric("vf_weight") * vf;
  EXPECT_NEAR(metric("loss"), total.item<double>(), 1e-3);
  EXPECT_NEAR(metric("nll"), nll.item<double>(), 1e-3);
  EXPECT_NEAR(metric("kl"), encoded.divergence.item<double>(), 1e-3);
  EXPECT_NEAR(metric("vf"), vf.item<double>(), 1e-5);
  parameters.gradients().zero_();
  (total * 0.5).backward({}, /*retain_graph=*/true, false, leaves.autoencoder);
  EXPECT_TRUE(at::allclose(found, parameters.gradients(), 1e-3, 1e-4));

  // The weight is the ratio of what both terms say to the encoder's last layer.
  const auto norm = [&](const at::Tensor& root) {
    parameters.gradients().zero_();
    root.backward({}, /*retain_graph=*/true, false, {{leaves.encoder_last_layer}});
    return leaves.encoder_last_layer.grad().norm().item<double>();
  };
  EXPECT_NEAR(metric("vf_weight"), 0.3 * norm(nll) / (norm(vf) + 1e-4), 1e-2);
}

}  // namespace
}  // namespace svgen::train
