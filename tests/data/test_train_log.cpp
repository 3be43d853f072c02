// SPDX-License-Identifier: MIT
// The training log across interruptions.
#include "data/train_log.h"

#include <cmath>

#include "svgen/error.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using svgen::testing::ScratchFolder;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(TrainLog, WritesOneLineAStep) {
  const ScratchFolder folder;
  const auto file = folder.path() / "log.jsonl";
  TrainLog log(file, 0);
  log.add({1, 4, 2.5, 10, {{"loss", 0.5}}});
  log.add({2, 8, 2.5, 9, {{"loss", std::nan("")}}});
  EXPECT_EQ(text_of(file),
            "{\"step\":1,\"next_index\":4,\"loss\":0.5,\"images_per_second\":2.5,"
            "\"seconds_left\":10.0}\n"
            "{\"step\":2,\"next_index\":8,\"loss\":null,\"images_per_second\":2.5,"
            "\"seconds_left\":9.0}\n");
  EXPECT_EQ(log.curve("loss"), (Curve{{1, 0.5}}));
  EXPECT_TRUE(log.curve("other").empty());
}

TEST(TrainLog, AResumedRunContinuesBehindItsCheckpoint) {
  const ScratchFolder folder;
  const auto file = folder.path() / "log.jsonl";
  {
    TrainLog log(file, 0);
    for (int64_t step = 1; step <= 5; ++step) log.add({step, step, 1, 1, {{"loss", 1.0 * step}}});
  }
  std::ofstream(file, std::ios::app) << "{\"step\":6,\"lo";
  TrainLog log(file, 3);
  log.add({4, 4, 1, 1, {{"loss", 40}}});
  EXPECT_EQ(log.curve("loss"), (Curve{{1, 1}, {2, 2}, {3, 3}, {4, 40}}));
  EXPECT_EQ(TrainLog(file, 9).curve("loss").size(), 4u);
}

TEST(TrainLog, AFreshRunStartsAnew) {
  const ScratchFolder folder;
  const auto file = folder.write("log.jsonl", "{\"step\":1}\n");
  const TrainLog log(file, 0);
  EXPECT_EQ(text_of(file), "");
  EXPECT_EQ(text_of(folder.path() / "log.jsonl.before"), "{\"step\":1}\n");
  std::ofstream(file) << "{\"step\":2}\n";
  const TrainLog again(file, 0);
  EXPECT_EQ(text_of(folder.path() / "log.jsonl.before"), "{\"step\":1}\n");
  EXPECT_EQ(text_of(folder.path() / "log.jsonl.before-2"), "{\"step\":2}\n");
}

TEST(TrainLog, WithoutAFileItKeepsTheCurves) {
  TrainLog log({}, 0);
  log.add({1, 1, 1, 1, {{"loss", 2}}});
  EXPECT_EQ(log.curve("loss").size(), 1u);
}

TEST(TrainLog, AnUnwritablePlaceIsAnError) {
  EXPECT_THROW(TrainLog("/nowhere/at/all.jsonl", 0), IoError);
}

}  // namespace
}  // namespace svgen
