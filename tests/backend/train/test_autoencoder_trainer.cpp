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

// A card of an autoencoder with Gaussian latents, from nothing.
AutoencoderOptions gaussian(const svgen::testing::ScratchFolder& scratch,
                            const std::string& folder) {
  AutoencoderOptions o;
  o.objective = AutoencoderObjective::kVf;
  o.foundation_model = kTinyCard;
  o.model.model = scratch.write("kl.json", R"({
    "name": "kl", "latent": {"channels": 4, "grid": [4, 4], "cell": 16},
    "encoder": {"kind": "kl", "file": "untrained", "channels": 8, "multipliers": [1, 1, 1, 1, 2],
                "res_blocks": 1, "groups": 4},
    "decoder": {"kind": "kl", "file": "untrained", "channels": 8, "multipliers": [1, 1, 1, 1, 2],
                "res_blocks": 1, "groups": 4}})");
  o.checkpoint = scratch.path() / folder;
  o.checkpoint_interval = 2;
  o.discriminator_weight = 0;
  o.latent_noise = 0.2;
  o.resume = true;
  return o;
}

TEST(GaussianAutoencoder, ResumesToTheBitAndEncodes) {
  const svgen::testing::ScratchFolder scratch;
  std::vector<TrainReport> reports;
  {
    const auto whole = AutoencoderTrainer::open(gaussian(scratch, "whole"));
    for (int i = 0; i < 4; ++i) reports.push_back(train_next(*whole));
    EXPECT_EQ(whole->sample_sheet().width, kBatch * kTinySize);
  }
  for (const char* name : {"loss", "nll", "l1", "perceptual", "kl", "vf", "vf_weight"})
    EXPECT_TRUE(std::any_of(reports[0].metrics.begin(), reports[0].metrics.end(),
                            [&](const auto& metric) { return metric.first == name; }))
        << name;
  for (int i = 0; i < 2; ++i) {
    const auto trainer = AutoencoderTrainer::open(gaussian(scratch, "broken"));
    EXPECT_EQ(trainer->report().step, 2 * i);
    while (trainer->report().step < 3 + i) {
      const TrainReport done = train_next(*trainer);
      EXPECT_EQ(loss_of(done), loss_of(reports[static_cast<size_t>(done.step) - 1]));
    }
  }
  const std::string last = "step-00000004";
  EXPECT_EQ(bytes_of(scratch.path() / "whole" / last / "state.safetensors"),
            bytes_of(scratch.path() / "broken" / last / "state.safetensors"));

  const auto engine = Engine::open({.model = scratch.path() / "whole" / last});
  EXPECT_EQ(engine->info().latent_channels, 4);
  const Pictures pictures(kTinySize, {0, 1});
  const Features features = engine->encoder().encode(pictures.views(), {});
  Picture decoded[] = {Picture(kTinySize, kTinySize), Picture(kTinySize, kTinySize)};
  const MutableImageView views[] = {decoded[0].mutable_view(), decoded[1].mutable_view()};
  engine->decoder().decode_into(features.semantic, {4, 4}, false, views);

  AutoencoderOptions next = gaussian(scratch, "next");
  next.model.model = scratch.path() / "whole" / last;
  next.initialize = Initialization::kModel;
  EXPECT_LT(loss_of(train_next(*AutoencoderTrainer::open(next))), loss_of(reports[0]));
}

TEST(GaussianAutoencoder, IsDrawnTowardsNoFeaturesWithoutVf) {
  const svgen::testing::ScratchFolder scratch;
  AutoencoderOptions options = gaussian(scratch, "kl");
  options.objective = AutoencoderObjective::kKl;
  options.max_steps = 1;
  const TrainReport report = train_next(*AutoencoderTrainer::open(options));
  for (const auto& [name, value] : report.metrics) EXPECT_NE(name, "vf");
  EXPECT_THAT(describe_weights(options.checkpoint / "step-00000001/ema.safetensors"),
              ::testing::Not(::testing::HasSubstr("linear_proj")));
}

TEST(GaussianAutoencoder, RefusesPartsOfAnotherObjective) {
  const svgen::testing::ScratchFolder scratch;
  const auto error = [&](const auto& change) -> std::string {
    AutoencoderOptions o = gaussian(scratch, "");
    o.checkpoint.clear();
    change(o);
    try {
      AutoencoderTrainer::open(o);
    } catch (const ConfigurationError& found) {
      return found.report();
    }
    return "";
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(error([](AutoencoderOptions& o) { o.objective = AutoencoderObjective::kSvg; }),
              HasSubstr("frozen encoder"));
  EXPECT_THAT(error([](AutoencoderOptions& o) { o.foundation_model.clear(); }),
              HasSubstr("foundation-model"));
  EXPECT_THAT(error([](AutoencoderOptions& o) { o.foundation_model = "mini"; }),
              HasSubstr("cells of 16 pixels"));
  EXPECT_THAT(error([](AutoencoderOptions& o) { o.foundation_model = o.model.model; }),
              HasSubstr("not with a posterior"));
  EXPECT_THAT(error([](AutoencoderOptions& o) {
                o.model.model = kTinyCard;
                o.objective = AutoencoderObjective::kKl;
              }),
              HasSubstr("Gaussian"));
  EXPECT_THAT(error([](AutoencoderOptions& o) {
                o.model.model = kTinyCard;
                o.objective = AutoencoderObjective::kSvg;
              }),
              HasSubstr("of its own"));
}

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Autoencoder, TrainerTest, ::testing::Types<AutoencoderPhase>);

}  // namespace svgen::train
