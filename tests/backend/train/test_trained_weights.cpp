// SPDX-License-Identifier: MIT
// The weights that a training offers to engines that follow it.
#include "train/trained_weights.h"

#include <ATen/ops/full.h>

#include <thread>

#include "backend/engine/support.h"
#include "weights/memory_source.h"

namespace svgen::train {
namespace {

using namespace std::chrono_literals;
using engine::kMiniCard;
using engine::kTinyCard;

TrainedWeights::Weights weights_of(float value) {
  return weights::memory_source("test", {{"x", at::full({1}, value)}});
}

float value_of(const TrainedWeights::Weights& weights) {
  return weights->read("x").item<float>();
}

TEST(TrainedWeights, IsOneForACardAndAKindWhileItIsHeld) {
  const Card tiny = Card::load(kTinyCard), mini = Card::load(kMiniCard);
  const auto feed = TrainedWeights::of(tiny, "diffusion");
  EXPECT_EQ(TrainedWeights::of(tiny, "diffusion"), feed);
  EXPECT_NE(TrainedWeights::of(tiny, "autoencoder"), feed);
  EXPECT_NE(TrainedWeights::of(mini, "diffusion"), feed);
}

TEST(TrainedWeights, HandsOutTheWeightsOfTheLastChange) {
  TrainedWeights feed;
  EXPECT_EQ(feed.step(), -1);
  EXPECT_EQ(feed.newest().first, nullptr);
  float value = 1;
  feed.open(4, [&] { return weights_of(value); });
  EXPECT_EQ(feed.newest().second, 4);
  {
    const TrainedWeights::Change change(feed, 5);
    value = 2;
  }
  const auto [weights, step] = feed.newest();
  EXPECT_EQ(step, 5);
  EXPECT_EQ(value_of(weights), 2);
}

TEST(TrainedWeights, NobodySeesWeightsThatChange) {
  TrainedWeights feed;
  float a = 0, b = 0;  // always equal to whoever reads the weights
  feed.open(
      0,
      [&] {
        EXPECT_EQ(a, b);
        return weights_of(a);
      });
  std::thread trainer([&] {
    for (int step = 1; step <= 2000; ++step) {
      const TrainedWeights::Change change(feed, step);
      a += 1;
      b += 1;
    }
  });
  while (feed.step() < 2000) {
    const auto [weights, step] = feed.newest();
    EXPECT_EQ(value_of(weights), static_cast<float>(step));
  }
  trainer.join();
}

TEST(TrainedWeights, KeepsTheLastWeightsForFollowersOnly) {
  TrainedWeights followed, alone;
  for (TrainedWeights* feed : {&followed, &alone}) feed->open(3, [] { return weights_of(7); });
  followed.close(true);
  alone.close(false);
  EXPECT_EQ(value_of(followed.newest().first), 7);
  EXPECT_EQ(followed.step(), 3);
  EXPECT_EQ(alone.newest().first, nullptr);
  EXPECT_EQ(alone.step(), -1);
}

TEST(TrainedWeights, WaitsForATraining) {
  TrainedWeights feed;
  EXPECT_FALSE(feed.wait(1ms));
  std::thread trainer([&] { feed.open(0, [] { return weights_of(1); }); });
  EXPECT_TRUE(feed.wait(60s));
  trainer.join();
}

}  // namespace
}  // namespace svgen::train
