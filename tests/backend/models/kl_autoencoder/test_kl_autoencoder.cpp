// SPDX-License-Identifier: MIT
// The halves of a KL autoencoder: shapes, refusals, gradients, threads. Parity is in
// tests/reference.
#include "models/kl_autoencoder/kl_autoencoder.h"

#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "backend/models/checks.h"
#include "backend/ops/threads.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

const KlEncoderConfig kSmallEncoder = {.latent_channels = 3,
                                       .z_channels = 4,
                                       .channels = 8,
                                       .multipliers = {1, 2},
                                       .res_blocks = 1,
                                       .attention_levels = {1},
                                       .groups = 4};
const KlDecoderConfig kSmallDecoder = {.latent_channels = 3,
                                       .decoder = {.latent_channels = 4,
                                                   .channels = 8,
                                                   .multipliers = {1, 2},
                                                   .res_blocks = 1,
                                                   .attention_levels = {},
                                                   .groups = 4}};

TEST(KlEncoder, GivesMeansAndLogarithmsOfVariancesOfEachCell) {
  KlEncoder encoder(kSmallEncoder);
  test::fill(encoder);
  EXPECT_EQ(encoder.moments(test::wave({2, 3, 8, 6})).sizes().vec(),
            (std::vector<int64_t>{2, 6, 4, 3}));
  EXPECT_EQ(encoder.features(test::wave({2, 3, 8, 6}), {}).sizes().vec(),
            (std::vector<int64_t>{2, 12, 6}));
  EXPECT_THROW(encoder.moments(at::zeros({1, 3, 8, 7})), ShapeError);
}

TEST(KlEncoder, ArrangedForInferenceIsTheSameMap) {
  const c10::InferenceMode inference;
  KlEncoder encoder(kSmallEncoder);
  test::fill(encoder);
  const at::Tensor x = test::wave({1, 3, 8, 8}), before = encoder.moments(x);
  encoder.arrange();
  EXPECT_LT(test::largest_difference(encoder.moments(x), before), 1e-6);
}

TEST(KlEncoder, PassesGradientsToEveryParameter) {
  KlEncoder encoder(kSmallEncoder);
  test::fill(encoder);
  test::expect_gradients(encoder, [&] { return encoder.moments(test::wave({1, 3, 8, 8})); });
}

TEST(KlAutoencoder, GivesTheSameBitsWithAnyThreads) {
  const c10::InferenceMode inference;
  KlEncoder encoder(kSmallEncoder);
  KlDecoder decoder(kSmallDecoder);
  test::fill(encoder);
  test::fill(decoder);
  encoder.arrange();
  const auto both = [&] {
    const at::Tensor moments = encoder.moments(test::wave({1, 3, 32, 32}));
    return decoder.pixels(moments.narrow(1, 0, 3));
  };
  EXPECT_EQ(both().sizes().vec(), (std::vector<int64_t>{1, 3, 32, 32}));
  test::expect_same_with_any_threads(both);
}

}  // namespace
}  // namespace svgen::models
