// SPDX-License-Identifier: MIT
// Checkpoint folders: complete or absent, locked, checked when read.
#include "train/checkpoint.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "svgen/error.h"
#include "svgen/support.h"

namespace svgen::train {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointContent content(int64_t step) const {
    return {{"diffusion", step, 10 * step, 3, "{\"learning-rate\": 0.5}"},
            {{"a", at::arange(6, at::kFloat).view({2, 3}) + static_cast<double>(step)}},
            {{"w", at::zeros({2})}},
            "{}"};
  }
  svgen::testing::ScratchFolder scratch_;
  const fs::path folder_ = scratch_.path() / "run";
};

TEST_F(CheckpointTest, ComesBackAsItWas) {
  const CheckpointFolder folder(folder_);
  const fs::path saved = folder.save(content(4), 3);
  EXPECT_EQ(last_checkpoint(folder_), saved);
  const CheckpointFacts facts = read_facts(saved);
  EXPECT_EQ(facts.step, 4);
  EXPECT_EQ(facts.next_index, 40);
  EXPECT_EQ(facts.kind, "diffusion");
  const at::Tensor a = at::zeros({2, 3});
  read_state(saved, {{"a", a}});
  EXPECT_TRUE(at::equal(a, content(4).state[0].second));
}

TEST_F(CheckpointTest, KeepsTheLastOnes) {
  const CheckpointFolder folder(folder_);
  for (int64_t step = 8; step < 13; ++step) folder.save(content(step), 2);
  EXPECT_EQ(last_checkpoint(folder_), folder_ / "step-00000012");
  EXPECT_TRUE(fs::exists(folder_ / "step-00000011"));
  EXPECT_FALSE(fs::exists(folder_ / "step-00000010"));
}

TEST_F(CheckpointTest, TheSameStepAgainReplaces) {
  const CheckpointFolder folder(folder_);
  folder.save(content(1), 2);
  EXPECT_NO_THROW(folder.save(content(1), 2));
}

TEST_F(CheckpointTest, AnInterruptedSaveIsNoCheckpoint) {
  { CheckpointFolder(folder_).save(content(1), 2); }
  fs::create_directories(folder_ / "step-00000002.unfinished");
  EXPECT_EQ(last_checkpoint(folder_), folder_ / "step-00000001");
  const CheckpointFolder again(folder_);
  EXPECT_FALSE(fs::exists(folder_ / "step-00000002.unfinished"));
}

TEST_F(CheckpointTest, OneTrainerAFolder) {
  std::optional<CheckpointFolder> first(folder_);
  EXPECT_THROW(CheckpointFolder{folder_}, IoError);
  first.reset();
  EXPECT_NO_THROW(CheckpointFolder{folder_});
}

TEST_F(CheckpointTest, DamagedFactsAreAnError) {
  const CheckpointFolder folder(folder_);
  const fs::path saved = folder.save(content(1), 2);
  for (const char* text : {"", "{", "{\"step\": 1}",
                           "{\"kind\": \"x\", \"step\": -1, "
                           "\"next_index\": 0, \"seed\": 0, \"options\": {}}"}) {
    std::ofstream(saved / "state.json", std::ios::trunc) << text;
    EXPECT_THROW(read_facts(saved), IoError) << text;
  }
}

TEST_F(CheckpointTest, AnotherModelsStateIsAnError) {
  const CheckpointFolder folder(folder_);
  const fs::path saved = folder.save(content(1), 2);
  EXPECT_THROW(read_state(saved, {{"a", at::zeros({3, 2})}}), WeightsError);
  EXPECT_THROW(read_state(saved, {{"b", at::zeros({2, 3})}}), WeightsError);
  EXPECT_THROW(read_state(saved, {}), WeightsError);
}

TEST_F(CheckpointTest, AFolderThatCannotBeMadeIsAnError) {
  scratch_.write("file", "x");
  EXPECT_THROW(CheckpointFolder{scratch_.path() / "file" / "run"}, IoError);
  EXPECT_EQ(last_checkpoint(scratch_.path() / "absent"), std::nullopt);
}

}  // namespace
}  // namespace svgen::train
