// SPDX-License-Identifier: MIT
// The initial weights: published distributions, a function of the seed.
#include "nn/initial_weights.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "models/conv_decoder/conv_decoder.h"
#include "models/dit/dit.h"
#include "models/patch_gan/patch_gan.h"
#include "models/residual_vit/residual_vit.h"

namespace svgen::nn {
namespace {

template <typename Module>
std::map<std::string, at::Tensor> drawn(Module module, std::span<const InitialWeightsRule> rules,
                                        uint64_t seed = 1, const Grid& grid = {}) {
  draw_initial_weights([&](const StateScope& s) { module.visit(s); }, rules, seed, 0, grid);
  std::map<std::string, at::Tensor> tensors;
  visit_state(module, [&](const StateSlot& slot) {
    EXPECT_EQ(slot.tensor.sizes().vec(), slot.shape) << slot.name;
    tensors[slot.name] = slot.tensor;
  });
  return tensors;
}

double deviation(const at::Tensor& x) {
  return x.to(at::kDouble).std().item<double>();
}

models::Dit small_dit() {
  return models::Dit(
      {.channels = 8, .width = 64, .depth = 2, .heads = 4, .mlp = 256, .classes = 9, .tokens = 16});
}

TEST(InitialWeights, OfTheDiffusionTransformer) {
  auto t = drawn(small_dit(), models::kDit.initial_weights, 1, {4, 4});
  EXPECT_EQ(t["final_layer.linear.weight"].abs().max().item<float>(), 0);
  EXPECT_EQ(t["blocks.1.adaLN_modulation.1.weight"].abs().max().item<float>(), 0);
  EXPECT_EQ(t["blocks.0.attn.q_norm.weight"].min().item<float>(), 1);
  EXPECT_NEAR(deviation(t["y_embedder.embedding_table.weight"]), 0.02, 0.002);
  const double bound = std::sqrt(6.0 / (64 + 192));
  EXPECT_NEAR(t["blocks.0.attn.qkv.weight"].abs().max().item<double>(), bound, 0.01 * bound);
  EXPECT_NEAR(deviation(t["blocks.0.attn.qkv.weight"]), bound / std::sqrt(3.0), 0.02 * bound);
  EXPECT_EQ(t["pos_embed"][0][0][32].item<float>(), 0);
}

TEST(InitialWeights, OfTheOtherNetworks) {
  auto residual = drawn(models::ResidualVit({.patch = 8,
                                             .width = 64,
                                             .depth = 1,
                                             .heads = 4,
                                             .mlp = 128,
                                             .outputs = 8,
                                             .tokens = 16}),
                        models::kResidualVit.initial_weights);
  EXPECT_LE(residual["conv_proj.weight"].abs().max().item<double>(), 2 / std::sqrt(192.0));
  EXPECT_NEAR(deviation(residual["encoder.pos_embedding"]), 0.02, 0.002);
  auto decoder = drawn(models::ConvDecoder({.latent_channels = 8,
                                            .channels = 32,
                                            .multipliers = {1, 2},
                                            .res_blocks = 1,
                                            .attention_levels = {}}),
                       models::kConvDecoder.initial_weights);
  EXPECT_EQ(decoder["norm_out.weight"].min().item<float>(), 1);
  EXPECT_LE(decoder["conv_out.bias"].abs().max().item<double>(), 1 / std::sqrt(9.0 * 32));
  auto gan = drawn(models::PatchGan(8), models::kPatchGanInitialWeights);
  EXPECT_NEAR(gan["main.3.weight"].mean().item<double>(), 1, 0.02);
  EXPECT_EQ(gan["main.6.running_var"].min().item<float>(), 1);
  EXPECT_EQ(gan["main.6.num_batches_tracked"].item<int64_t>(), 0);
}

TEST(InitialWeights, DependOnTheSeedAlone) {
  const auto a = drawn(small_dit(), models::kDit.initial_weights, 1, {4, 4});
  const auto b = drawn(small_dit(), models::kDit.initial_weights, 1, {4, 4});
  const auto c = drawn(small_dit(), models::kDit.initial_weights, 2, {4, 4});
  const std::string name = "ln1.weight";
  EXPECT_TRUE(at::equal(a.at(name), b.at(name)));
  EXPECT_FALSE(at::equal(a.at(name), c.at(name)));
}

}  // namespace
}  // namespace svgen::nn
