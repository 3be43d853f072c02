// SPDX-License-Identifier: MIT
// Typed tests of what holds for every trainer.
#pragma once

#include "backend/train/support.h"
#include "svgen/error.h"
#include "svgen/support.h"

namespace svgen::train {

/// Names the options and trainer of a phase; trains the tiny model from its weights.
template <typename OptionsType, typename TrainerType>
struct Phase {
  using Options = OptionsType;
  using Trainer = TrainerType;

  static Options options(const std::filesystem::path& checkpoint = {}) {
    Options o;
    o.model.model = kTinyCard;
    o.initialize = Initialization::kModel;
    o.checkpoint = checkpoint;
    o.checkpoint_interval = 2;
    o.ema_decay = 0.9;
    return o;
  }
  /// Changes the settings so that the loss soon is not finite.
  static void diverge(Options& o) { o.learning_rate = 10; }
};

template <typename P>
class TrainerTest : public ::testing::Test {
 protected:
  /// Trains until step `last`.
  static void run_to(typename P::Trainer& trainer, int64_t last) {
    while (trainer.report().step < last) train_next(trainer);
  }
  svgen::testing::ScratchFolder scratch_;
};
TYPED_TEST_SUITE_P(TrainerTest);

TYPED_TEST_P(TrainerTest, ResumeComputesTheStepsOfAnUnbrokenRun) {
  const auto whole = this->scratch_.path() / "whole", broken = this->scratch_.path() / "broken";
  auto options = TypeParam::options(whole);
  this->run_to(*TypeParam::Trainer::open(options), 6);
  options.checkpoint = broken;
  options.resume = true;
  // The first trainer is lost in its third step, after the checkpoint of the second.
  this->run_to(*TypeParam::Trainer::open(options), 3);
  {
    const auto resumed = TypeParam::Trainer::open(options);
    EXPECT_EQ(resumed->report().step, 2);
    EXPECT_EQ(resumed->report().next_index, 2 * kBatch);
    this->run_to(*resumed, 6);
  }
  for (const char* file : {"state.safetensors", "ema.safetensors", "state.json"}) {
    EXPECT_EQ(bytes_of(whole / "step-00000006" / file), bytes_of(broken / "step-00000006" / file))
        << file;
  }
}

TYPED_TEST_P(TrainerTest, StepsAfterAllMicroBatches) {
  auto options = TypeParam::options();
  options.accumulate = 2;
  const auto trainer = TypeParam::Trainer::open(options);
  const std::vector<int64_t> first = index_range(0, kBatch);
  EXPECT_FALSE(train_next(*trainer).stepped);
  EXPECT_EQ(trainer->report().step, 0);
  EXPECT_TRUE(train_next(*trainer).stepped);
  EXPECT_EQ(trainer->report().step, 1);
}

TYPED_TEST_P(TrainerTest, EndsAtMaxStepsAndSaves) {
  auto options = TypeParam::options(this->scratch_.path() / "run");
  options.max_steps = 3;
  options.checkpoint_interval = 100;
  {
    const auto trainer = TypeParam::Trainer::open(options);
    EXPECT_FALSE(train_next(*trainer).finished);
    EXPECT_FALSE(train_next(*trainer).finished);
    const TrainReport last = train_next(*trainer);
    EXPECT_TRUE(last.finished);
    EXPECT_EQ(last.saved, options.checkpoint / "step-00000003");
    EXPECT_EQ(train_next(*trainer).step, 3);
    EXPECT_TRUE(trainer->save().empty());
  }
  options.resume = true;
  EXPECT_TRUE(TypeParam::Trainer::open(options)->report().finished);
}

TYPED_TEST_P(TrainerTest, KeepsTheLastCheckpointsAndWritesACard) {
  auto options = TypeParam::options(this->scratch_.path() / "run");
  options.checkpoint_interval = 1;
  options.checkpoints_kept = 2;
  this->run_to(*TypeParam::Trainer::open(options), 4);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(options.checkpoint))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("lock", "step-00000003", "step-00000004"));
  const auto engine = Engine::open({.model = options.checkpoint / "step-00000004"});
  EXPECT_EQ(engine->info().latent_channels, kTinyChannels);
  EXPECT_NO_THROW(engine->decoder());
  EXPECT_NO_THROW(engine->sampler());
}

TYPED_TEST_P(TrainerTest, RefusesAFolderInUse) {
  const auto options = TypeParam::options(this->scratch_.path() / "run");
  const auto first = TypeParam::Trainer::open(options);
  EXPECT_THROW(TypeParam::Trainer::open(options), IoError);
}

TYPED_TEST_P(TrainerTest, RefusesAnotherTrainingsCheckpoint) {
  auto options = TypeParam::options(this->scratch_.path() / "run");
  this->run_to(*TypeParam::Trainer::open(options), 2);
  options.resume = true;
  options.seed = 1;
  EXPECT_THROW(TypeParam::Trainer::open(options), ConfigurationError);
}

TYPED_TEST_P(TrainerTest, StopsAtANumberThatIsNotFinite) {
  auto options = TypeParam::options(this->scratch_.path() / "run");
  TypeParam::diverge(options);
  options.ema_decay = 0;
  const auto trainer = TypeParam::Trainer::open(options);
  std::string report;
  try {
    for (int i = 0; i < 200 && report.empty(); ++i) train_next(*trainer);
  } catch (const ConfigurationError& error) {
    report = error.report();
  }
  EXPECT_THAT(report, ::testing::HasSubstr("not finite"));
  EXPECT_THAT(report, ::testing::HasSubstr("images"));
  EXPECT_THAT(report, ::testing::HasSubstr("saved in"));
}

TYPED_TEST_P(TrainerTest, StartsFromNothing) {
  auto options = TypeParam::options();
  options.initialize = Initialization::kScratch;
  const auto trainer = TypeParam::Trainer::open(options);
  const double first = loss_of(train_next(*trainer));
  EXPECT_TRUE(std::isfinite(first));
  EXPECT_EQ(loss_of(train_next(*TypeParam::Trainer::open(options))), first);
}

TYPED_TEST_P(TrainerTest, ReducedPrecisionStaysClose) {
  auto options = TypeParam::options();
  const double exact = loss_of(train_next(*TypeParam::Trainer::open(options)));
  options.model.dtype = "bfloat16";
  const auto trainer = TypeParam::Trainer::open(options);
  EXPECT_NEAR(loss_of(train_next(*trainer)) / exact, 1, 0.02);
  EXPECT_TRUE(std::isfinite(loss_of(train_next(*trainer))));
}

TYPED_TEST_P(TrainerTest, DrawsASheet) {
  const auto trainer = TypeParam::Trainer::open(TypeParam::options());
  train_next(*trainer);
  const Picture sheet = trainer->sample_sheet();
  EXPECT_EQ(sheet.width % kTinySize, 0);
  EXPECT_GE(sheet.height, 2 * kTinySize);
  EXPECT_TRUE(train_next(*trainer).stepped);
}

REGISTER_TYPED_TEST_SUITE_P(TrainerTest, ResumeComputesTheStepsOfAnUnbrokenRun,
                            StepsAfterAllMicroBatches, EndsAtMaxStepsAndSaves,
                            KeepsTheLastCheckpointsAndWritesACard, RefusesAFolderInUse,
                            RefusesAnotherTrainingsCheckpoint, StopsAtANumberThatIsNotFinite,
                            StartsFromNothing, ReducedPrecisionStaysClose, DrawsASheet);

}  // namespace svgen::train
