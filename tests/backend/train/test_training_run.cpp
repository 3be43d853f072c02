// SPDX-License-Identifier: MIT
// Counting, accumulating and saving with a parameter of three numbers.
#include "train/training_run.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>

#include "svgen/error.h"
#include "svgen/support.h"

namespace svgen::train {
namespace {

class TrainingRunTest : public ::testing::Test {
 protected:
  TrainingRun& open(const TrainerOptions& options) {
    slot_ = at::full({3}, 1.0);
    run_.reset();
    run_.emplace("test", options, at::kCPU);
    run_->add_group(
        "side", [this](const nn::StateScope& state) { state("x", slot_, {3}); },
        run_->optimizer_config());
    counter_ = at::full({1}, 0.0);
    run_->add_buffers({{"counter", counter_}});
    run_->begin();
    return *run_;
  }
  TrainReport batch(double loss, std::vector<int64_t> indices) {
    run_->exported_group().parameters.gradients().add_(loss);
    counter_.add_(1);
    return run_->complete_batch(indices, {{"loss", loss}}, 0.5);
  }

  svgen::testing::ScratchFolder scratch_;
  at::Tensor slot_, counter_;
  std::optional<TrainingRun> run_;
};

TEST_F(TrainingRunTest, AveragesOverMicroBatches) {
  TrainerOptions options;
  options.accumulate = 2;
  open(options);
  EXPECT_FALSE(batch(1, {0, 1}).stepped);
  const TrainReport done = batch(3, {2, 3});
  EXPECT_TRUE(done.stepped);
  EXPECT_EQ(done.metrics.at(0).second, 2);
  EXPECT_EQ(done.next_index, 4);
  EXPECT_EQ(done.images, 4);
  EXPECT_EQ(done.seconds, 1);
}

TEST_F(TrainingRunTest, AHalfAccumulatedStepIsForgotten) {
  TrainerOptions options;
  options.accumulate = 2;
  options.checkpoint = scratch_.path() / "run";
  open(options);
  for (int64_t i = 0; i < 3; ++i) batch(1, {i});
  EXPECT_FALSE(run_->save().empty());
  options.resume = true;
  EXPECT_EQ(open(options).report().next_index, 2);
  EXPECT_EQ(counter_.item<float>(), 2);
}

TEST_F(TrainingRunTest, NothingIsSavedTwiceOrWithoutAStep) {
  TrainerOptions options;
  options.checkpoint = scratch_.path() / "run";
  open(options);
  EXPECT_TRUE(run_->save().empty());
  batch(1, {0});
  EXPECT_FALSE(run_->save().empty());
  EXPECT_TRUE(run_->save().empty());
}

// The second and third training begin at step 1 again and do not overwrite the earlier ones' files.
TEST_F(TrainingRunTest, AnEarlierTrainingIsSetAside) {
  TrainerOptions options;
  options.checkpoint = scratch_.path() / "run";
  options.checkpoints_kept = 1;
  open(options);
  for (int64_t i = 0; i < 2; ++i) batch(1, {i});
  run_->save();
  scratch_.write("run/loss.png", "the first");
  for (const char* aside : {"before", "before-2"}) {
    EXPECT_EQ(open(options).report().set_aside, options.checkpoint / aside);
    EXPECT_EQ(counter_.item<float>(), 0);
    batch(1, {0});
    EXPECT_EQ(run_->save(), options.checkpoint / "step-00000001");
  }
  EXPECT_TRUE(std::filesystem::exists(options.checkpoint / "before/step-00000002/state.json"));
  EXPECT_TRUE(std::filesystem::exists(options.checkpoint / "before/loss.png"));
  EXPECT_TRUE(std::filesystem::exists(options.checkpoint / "before-2/step-00000001/state.json"));
  options.resume = true;
  EXPECT_EQ(open(options).report().set_aside, "");
  EXPECT_EQ(run_->report().step, 1);
}

TEST_F(TrainingRunTest, AgreementEndsForGood) {
  open({});
  EXPECT_TRUE(run_->agree(true));
  EXPECT_FALSE(run_->agree(false));
  EXPECT_FALSE(run_->agree(true));
  EXPECT_TRUE(run_->report().finished);
}

TEST_F(TrainingRunTest, BadNumbersChangeNothing) {
  TrainerOptions options;
  options.checkpoint = scratch_.path() / "run";
  open(options);
  batch(1, {0});
  const float before = slot_[0].item<float>();
  EXPECT_THROW(batch(std::nan(""), {1}), ConfigurationError);
  EXPECT_EQ(run_->exported_group().parameters.values()[0].item<float>(), before);
  EXPECT_TRUE(std::filesystem::exists(options.checkpoint / "step-00000001"));
}

}  // namespace
}  // namespace svgen::train
