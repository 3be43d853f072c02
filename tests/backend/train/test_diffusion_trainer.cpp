// SPDX-License-Identifier: MIT
// The trainer of phase 2 on the tiny model.
#include "backend/train/trainer_tests.h"

namespace svgen::train {
namespace {

using DiffusionPhase = Phase<DiffusionOptions, DiffusionTrainer>;

TEST(DiffusionTrainer, RefusesWhatDoesNotFit) {
  const auto trainer = DiffusionTrainer::open(DiffusionPhase::options());
  const std::vector<int64_t> indices = {0, 1}, labels = {1, 2}, wrong = {1, 10}, few = {1};
  const Tensor latents = latents_of(indices, kTinyTokens, kTinyChannels);
  EXPECT_THROW(trainer->train(latents_of(indices, kTinyTokens, 55), labels, indices), ShapeError);
  EXPECT_THROW(trainer->train(latents, few, indices), ShapeError);
  EXPECT_THROW(trainer->train(latents, wrong, indices), ConfigurationError);
  EXPECT_TRUE(trainer->train(latents, labels, indices).stepped);
}

TEST(DiffusionTrainer, LossFallsOnALatentSeenAgain) {
  DiffusionOptions options = DiffusionPhase::options();
  options.learning_rate = 1e-3;
  options.class_dropout = 0;
  const auto trainer = DiffusionTrainer::open(options);
  const std::vector<int64_t> indices = {0, 1, 2, 3}, labels = {0, 1, 2, 3};
  const Tensor latents = latents_of(indices, kTinyTokens, kTinyChannels);
  const double first = loss_of(trainer->train(latents, labels, indices));
  double last = first;
  for (int i = 0; i < 30; ++i) last = loss_of(trainer->train(latents, labels, indices));
  EXPECT_LT(last, 0.8 * first);
}

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Diffusion, TrainerTest, ::testing::Types<DiffusionPhase>);

}  // namespace svgen::train
