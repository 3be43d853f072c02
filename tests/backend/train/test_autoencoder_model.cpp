// SPDX-License-Identifier: MIT
// What phase 1 adds for Gaussian latents and for a decoder that forgives; the losses of SVG are
// compared in the reference suite.
#include "train/autoencoder_model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "models/kl_autoencoder/kl_autoencoder.h"
#include "nn/initial_weights.h"

namespace svgen::train {
namespace {

TEST(AutoencoderModel, MasksTheAskedShare) {
  std::vector<int64_t> indices(4000);
  std::iota(indices.begin(), indices.end(), 0);
  const auto masked = [&](double ratio) {
    return draw_masks(1, indices, ratio).sum().item<int64_t>();
  };
  EXPECT_EQ(masked(0), 0);
  EXPECT_NEAR(masked(0.1), 400, 60);
  EXPECT_EQ(masked(1), 4000);
}

TEST(AutoencoderModel, MasksBelongToTheImage) {
  const std::vector<int64_t> indices = {5, 6, 7};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(draw_masks(seed, indices, 0.5)[1].item<bool>(),
              draw_masks(seed, {&indices[1], 1}, 0.5)[0].item<bool>());
  }
}

TEST(AutoencoderNoise, BelongsToTheImageAndHasTheAskedDeviations) {
  std::vector<int64_t> indices(2000);
  std::iota(indices.begin(), indices.end(), 0);
  const AutoencoderNoise noise = draw_autoencoder_noise(3, indices, 16, 4, 0.8);
  EXPECT_NEAR(noise.posterior.std().item<double>(), 1, 0.01);
  const at::Tensor deviations = noise.latent.std({1, 2});
  EXPECT_LT(deviations.max().item<double>(), 0.8 * 1.3);
  EXPECT_NEAR(deviations.mean().item<double>(), 0.4, 0.02);
  // Both kinds are independent of each other, and of the batch.
  EXPECT_NEAR((noise.posterior * noise.latent).mean().item<double>(), 0, 0.01);
  const AutoencoderNoise one = draw_autoencoder_noise(3, {&indices[7], 1}, 16, 4, 0.8);
  EXPECT_TRUE(at::equal(one.posterior[0], noise.posterior[7]));
  EXPECT_TRUE(at::equal(one.latent[0], noise.latent[7]));
  EXPECT_FALSE(draw_autoencoder_noise(3, indices, 16, 4, 0).latent.defined());
}

AutoencoderModel small_model() {
  AutoencoderModel model;
  auto encoder = std::make_unique<models::KlEncoder>(models::KlEncoderConfig{.latent_channels = 3,
                                                                             .z_channels = 3,
                                                                             .channels = 8,
                                                                             .multipliers = {1, 2},
                                                                             .res_blocks = 1,
                                                                             .groups = 4});
  auto decoder = std::make_unique<models::KlDecoder>(
      models::KlDecoderConfig{.latent_channels = 3,
                              .decoder = {.latent_channels = 3,
                                          .channels = 8,
                                          .multipliers = {1, 2},
                                          .res_blocks = 1,
                                          .attention_levels = {},
                                          .groups = 4}});
  const auto draw = [](models::Network& network, const auto& component) {
    nn::draw_initial_weights([&](const nn::StateScope& state) { network.visit(state); },
                             component.initial_weights, 1, 0);
  };
  draw(*encoder, models::kKlEncoder);
  draw(*decoder, models::kKlDecoder);
  model.encoder = std::move(encoder);
  model.decoder = std::move(decoder);
  model.cell = 2;
  return model;
}

AutoencoderBatch some_batch() {
  const at::Tensor pictures = at::rand({3, 3, 8, 8}) * 2 - 1;
  return {pictures, pictures, at::zeros({3}, at::kBool), at::randn({3, 16, 3}), {}};
}

TEST(EncodeForTraining, SamplesAPosteriorAndMeasuresIt) {
  const AutoencoderModel model = small_model();
  AutoencoderBatch batch = some_batch();
  const Processes alone;
  const at::Tensor moments = model.encoder->features(batch.pixels, {});  // (3, 16, 6)
  const EncodedBatch sampled = encode_for_training(model, batch, alone);
  double divergence = 0;
  for (int64_t n = 0; n < 3; ++n) {
    for (int64_t t = 0; t < 16; ++t) {
      for (int64_t c = 0; c < 3; ++c) {
        const auto mean = moments[n][t][c].item<double>();
        const auto log_variance = moments[n][t][3 + c].item<double>();
        const double z = mean + std::exp(log_variance / 2) * batch.noise[n][t][c].item<double>();
        EXPECT_NEAR(sampled.latent[n][t][c].item<double>(), z, 1e-5);
        divergence += 0.5 * (mean * mean + std::exp(log_variance) - 1 - log_variance) / 3;
      }
    }
  }
  EXPECT_NEAR(sampled.divergence.item<double>(), divergence, 1e-4 * divergence);
  batch.noise = at::Tensor();
  EXPECT_TRUE(at::equal(encode_for_training(model, batch, alone).latent, moments.narrow(2, 0, 3)));
}

TEST(Reconstruct, PutsNoiseOnTheLatentInUnitsOfEachChannel) {
  const AutoencoderModel model = small_model();
  AutoencoderBatch batch = some_batch();
  const Processes alone;
  const at::Tensor latent = at::randn({3, 16, 3});
  const at::Tensor plain = reconstruct(model, latent, batch, alone);
  EXPECT_EQ(plain.sizes(), batch.target.sizes());
  batch.latent_noise = at::zeros({3, 16, 3});
  EXPECT_TRUE(at::equal(reconstruct(model, latent, batch, alone), plain));
  batch.latent_noise = at::randn({3, 16, 3});
  const at::Tensor deviation = latent.std({0, 1}, /*unbiased=*/false, /*keepdim=*/true);
  const at::Tensor noisy = latent + batch.latent_noise * deviation;
  AutoencoderBatch without = batch;
  without.latent_noise = at::Tensor();
  const at::Tensor difference =
      reconstruct(model, latent, batch, alone) - reconstruct(model, noisy, without, alone);
  EXPECT_LT(difference.abs().max().item<double>(), 1e-5);
}

double cosine(const at::Tensor& a, const at::Tensor& b) {
  return ((a * b).sum() / (a.norm() * b.norm())).item<double>();
}

TEST(FoundationLoss, IsThePublishedOne) {
  const at::Tensor z = at::randn({2, 5, 7}), f = at::randn({2, 5, 7});
  double apart = 0, unlike = 0;
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t i = 0; i < 5; ++i) {
      apart += std::max(0.0, 1 - 0.5 - cosine(z[n][i], f[n][i])) / 10;
      for (int64_t j = 0; j < 5; ++j)
        unlike +=
            std::max(0.0, std::abs(cosine(z[n][i], z[n][j]) - cosine(f[n][i], f[n][j])) - 0.25) /
            50;
    }
  }
  EXPECT_NEAR(foundation_loss(z, f, 0.5, 0.25).item<double>(), apart + unlike, 1e-5);
  EXPECT_NEAR(foundation_loss(z, z * 3, 0, 0).item<double>(), 0, 1e-5);
}

}  // namespace
}  // namespace svgen::train
