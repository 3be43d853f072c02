// SPDX-License-Identifier: MIT
// The decoder: sizes, layout, gradients, precision, thread independence.
#include "models/conv_decoder/conv_decoder.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/models/checks.h"
#include "backend/models/module_source.h"
#include "backend/ops/threads.h"

namespace svgen {
namespace {

const models::ConvDecoderConfig kSmall = {.latent_channels = 12,
                                          .channels = 8,
                                          .multipliers = {1, 2, 2},
                                          .res_blocks = 1,
                                          .attention_levels = {2},
                                          .groups = 4};

models::ConvDecoder filled(const models::ConvDecoderConfig& config = kSmall) {
  models::ConvDecoder decoder(config);
  test::fill(decoder);
  return decoder;
}

TEST(ConvDecoder, DoublesTheSizeAtEachLevelButTheFinest) {
  const models::ConvDecoder decoder = filled();
  EXPECT_EQ(decoder.config.upscale(), 4);
  EXPECT_EQ(decoder.forward(test::wave({2, 12, 3, 5})).sizes().vec(),
            (std::vector<int64_t>{2, 3, 12, 20}));
}

TEST(ConvDecoder, DoesNotDependOnTheLayoutOfItsInput) {
  const models::ConvDecoder decoder = filled();
  const at::Tensor tokens = test::wave({1, 4 * 6, 12});                  // (N, T, C)
  const at::Tensor latent = tokens.transpose(1, 2).view({1, 12, 4, 6});  // (N, C, h, w)
  EXPECT_TRUE(decoder.forward(latent).equal(decoder.forward(latent.contiguous())));
}

TEST(ConvDecoder, RefusesAnotherChannelCount) {
  EXPECT_THROW(filled().forward(at::zeros({1, 11, 4, 4})), ShapeError);
  EXPECT_THROW(filled().forward(at::zeros({12, 4, 4})), ShapeError);
}

TEST(ConvDecoder, PassesGradientsToEveryParameter) {
  models::ConvDecoder decoder = filled();
  test::expect_gradients(decoder, [&] { return decoder.forward(test::wave({1, 12, 4, 4})); });
}

TEST(ConvDecoder, IsNearFloat64WithAndWithoutRecordingAGradient) {
  models::ConvDecoder decoder = filled();
  const at::Tensor latent = test::wave({1, 12, 4, 4});
  const at::Tensor pixels = decoder.forward(latent);
  const at::Tensor recorded = decoder.forward(latent.clone().requires_grad_()).detach();
  test::cast(decoder, at::kDouble);
  const at::Tensor exact = decoder.forward(latent.to(at::kDouble));
  const double size = exact.abs().max().item<double>();
  EXPECT_LT(test::largest_difference(pixels, exact), 1e-5 * size);
  EXPECT_LT(test::largest_difference(recorded, exact), 1e-5 * size);
}

TEST(ConvDecoder, StaysNearInBfloat16) {
  models::ConvDecoder decoder = filled();
  test::expect_near_in_bfloat16(
      decoder,
      [&] {
        return decoder.forward(test::wave({1, 12, 4, 4}));
      },
      0.2);
}

TEST(ConvDecoder, GivesTheSameBitsWithAnyThreads) {
  models::ConvDecoder decoder = filled({.latent_channels = 136,
                                        .channels = 32,
                                        .multipliers = {1, 2, 4, 4},
                                        .res_blocks = 1,
                                        .attention_levels = {3},
                                        .groups = 8});
  const at::Tensor latent = test::wave({1, 136, 8, 8});
  test::expect_same_with_any_threads([&] { return decoder.forward(latent); });
  test::cast(decoder, at::kBFloat16);
  test::expect_same_with_any_threads([&] { return decoder.forward(latent); });
}

TEST(ConvDecoder, GivesTheSameBitsWithAnyThreadsAtFullSize) {
  const models::ConvDecoder decoder = filled(models::ConvDecoderConfig{});
  const at::Tensor latent = test::wave({1, 392, 16, 16});
  test::expect_same_with_any_threads([&] { return decoder.forward(latent); });
}

DecoderConfig card_with_groups(int64_t groups) {
  DecoderConfig card;
  card.groups = groups;
  return card;
}

TEST(DecoderSizes, ComeFromTheFile) {
  const test::ModuleSource source{models::ConvDecoder(kSmall)};
  EXPECT_EQ(models::infer_conv_decoder_config(card_with_groups(4), source, 12), kSmall);
  EXPECT_EQ(models::infer_conv_decoder_config({}, test::ModuleSource(models::ConvDecoder({})), 0),
            models::ConvDecoderConfig{});
}

TEST(DecoderSizes, ContradictionsAreNamedTogether) {
  const test::ModuleSource source{models::ConvDecoder(kSmall)};
  DecoderConfig card = card_with_groups(4);
  card.multipliers = {1, 2, 4};
  card.res_blocks = 2;
  card.attention_levels = {1};
  EXPECT_EQ(test::rejected_keys([&] { models::infer_conv_decoder_config(card, source, 13); }),
            "decoder.latent channels; decoder.multipliers; decoder.attention_levels; "
            "decoder.res_blocks");
}

TEST(DecoderSizes, GroupsMustDivideTheChannels) {
  const test::ModuleSource source{models::ConvDecoder(kSmall)};
  EXPECT_THROW(models::infer_conv_decoder_config(card_with_groups(3), source, 12),
               ConfigurationError);
}

TEST(DecoderSizes, AFileOfAnotherModelIsRefused) {
  test::ModuleSource source{models::ConvDecoder(kSmall)};
  source.erase("conv_in.weight");
  EXPECT_THROW(models::infer_conv_decoder_config(card_with_groups(4), source, 12), WeightsError);
}

}  // namespace
}  // namespace svgen
