// SPDX-License-Identifier: MIT
// The trainer of phase 1 on the tiny model.
#include <nlohmann/json.hpp>

#include "backend/train/trainer_tests.h"

namespace svgen::train {
namespace {

using AutoencoderPhase = Phase<AutoencoderOptions, AutoencoderTrainer>;

TEST(AutoencoderTrainer, RefusesWhatDoesNotFit) {
  const auto trainer = AutoencoderTrainer::open(AutoencoderPhase::options());
  const std::vector<int64_t> indices = {0, 1}, few = {0};
  EXPECT_THROW(trainer->train(Pictures(80, indices).views(), indices), ShapeError);
  EXPECT_THROW(trainer->train(Pictures(60, indices).views(), indices), ShapeError);
  EXPECT_THROW(trainer->train(Pictures(kTinySize, indices).views(), few), ShapeError);
  EXPECT_THROW(trainer->train({}, {}), ShapeError);
}

TEST(AutoencoderTrainer, LossFallsOnPicturesSeenAgain) {
  AutoencoderOptions options = AutoencoderPhase::options();
  options.learning_rate = 1e-3;
  options.discriminator_weight = 0;
  options.mask_ratio = 0;
  const auto trainer = AutoencoderTrainer::open(options);
  const std::vector<int64_t> indices = {0, 1, 2};
  const Pictures pictures(kTinySize, indices);
  const double first = loss_of(trainer->train(pictures.views(), indices));
  double last = first;
  for (int i = 0; i < 20; ++i) last = loss_of(trainer->train(pictures.views(), indices));
  EXPECT_LT(last, 0.7 * first);
}

TEST(AutoencoderTrainer, GoesWithoutAlignmentAndWithoutAResidualBranch) {
  AutoencoderOptions options = AutoencoderPhase::options();
  options.initialize = Initialization::kScratch;
  options.discriminator_weight = 0;
  const double aligned = loss_of(train_next(*AutoencoderTrainer::open(options)));
  options.aligns = false;
  const double apart = loss_of(train_next(*AutoencoderTrainer::open(options)));
  EXPECT_NE(aligned, apart);

  const svgen::testing::ScratchFolder folder;
  auto json = nlohmann::json::parse(std::ifstream(kTinyCard));
  for (const char* key : {"residual", "diffusion", "statistics"}) json.erase(key);
  for (auto& [key, value] : json.items())
    if (value.is_object() && value.contains("file"))
      value["file"] = SVGEN_TEST_DATA "/tiny/" + value["file"].get<std::string>();
  options.model.model = folder.write("card.json", json.dump()).string();
  options.checkpoint = folder.path() / "run";
  options.max_steps = 1;
  EXPECT_TRUE(train_next(*AutoencoderTrainer::open(options)).stepped);
  const auto engine = Engine::open({.model = options.checkpoint / "step-00000001"});
  EXPECT_EQ(engine->info().latent_channels, 48) << "semantic channels alone";
  EXPECT_NO_THROW(engine->decoder());
}

// Returns the perceptual term of one step on kBatch pictures, and the whole loss.
std::pair<double, double> terms(double weight, double share) {
  AutoencoderOptions options = AutoencoderPhase::options();
  options.discriminator_weight = 0;
  options.perceptual_weight = weight;
  options.perceptual_share = share;
  const TrainReport report = train_next(*AutoencoderTrainer::open(options));
  for (const auto& [name, value] : report.metrics)
    if (name == "perceptual") return {value, loss_of(report)};
  return {-1, 0};
}

TEST(AutoencoderTrainer, PerceptualTermOfAShareStandsForAll) {
  const auto [all, whole] = terms(1, 1);
  const auto [half, part] = terms(1, 0.5);
  const auto [none, l1] = terms(0, 1);
  EXPECT_GT(all, 0);
  EXPECT_GT(half, 0);
  EXPECT_NE(half, all) << "other pictures";
  EXPECT_EQ(none, 0);
  const double pixels = 3.0 * kTinySize * kTinySize;
  EXPECT_NEAR((whole - l1) / (pixels * all), 1, 1e-3);
  EXPECT_NEAR((part - l1) / (pixels * half), 1, 1e-3);
}

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Autoencoder, TrainerTest, ::testing::Types<AutoencoderPhase>);

}  // namespace svgen::train
