// SPDX-License-Identifier: MIT
// Tests of orders and shards of a dataset.
#include "data/data_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "svgen/support.h"

namespace svgen {
namespace {

using testing::ScopedVariable;

std::vector<int64_t> counted(int64_t count) {
  std::vector<int64_t> items(static_cast<size_t>(count));
  std::iota(items.begin(), items.end(), 0);
  return items;
}

TEST(ShuffledItems, IsAPermutationInEveryEpoch) {
  for (const int64_t count : {1, 2, 3, 10, 1001}) {
    for (int64_t epoch = 0; epoch < 5; ++epoch) {
      std::vector<int64_t> items = shuffled_items(9, epoch, count);
      std::sort(items.begin(), items.end());
      EXPECT_EQ(items, counted(count));
    }
  }
}

TEST(ShuffledItems, DiffersBetweenEpochsAndSeeds) {
  EXPECT_EQ(shuffled_items(9, 4, 50), shuffled_items(9, 4, 50));
  EXPECT_NE(shuffled_items(9, 4, 50), shuffled_items(9, 5, 50));
  EXPECT_NE(shuffled_items(9, 4, 50), shuffled_items(10, 4, 50));
}

TEST(ShuffledItems, EveryPermutationIsEquallyLikely) {
  constexpr int kDraws = 24'000;
  std::map<std::vector<int64_t>, int> hits;
  for (int i = 0; i < kDraws; ++i) ++hits[shuffled_items(3, i, 4)];
  ASSERT_EQ(hits.size(), 24u);
  double chi_square = 0;
  for (const auto& [order, count] : hits) chi_square += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(chi_square, 57.0);  // 23 degrees of freedom: above with probability 1e-4
}

TEST(DataOrder, WithoutShufflingCountsThroughEveryEpoch) {
  const DataOrder order(3, false, 0);
  for (int64_t index = 0; index < 10; ++index) {
    EXPECT_EQ(order.at(index).epoch, index / 3);
    EXPECT_EQ(order.at(index).item, index % 3);
  }
}

TEST(DataOrder, AnEntryInTheMiddleOfAnEpochSeesTheSameTail) {
  const DataOrder unbroken(20, true, 7);
  std::vector<int64_t> all;
  for (int64_t index = 0; index < 60; ++index) all.push_back(unbroken.at(index).item);
  const DataOrder resumed(20, true, 7);
  for (int64_t index = 33; index < 60; ++index) {
    EXPECT_EQ(resumed.at(index).item, all[static_cast<size_t>(index)]);
    EXPECT_EQ(resumed.at(index).epoch, index / 20);
  }
}

TEST(DataOrder, RefusesAnEmptyDataset) {
  EXPECT_THROW(DataOrder(0, false, 0), ConfigurationError);
}

TEST(BlockOf, CutsImagesIntoNearlyEqualBlocks) {
  for (const int64_t count : {0, 1, 7, 100}) {
    int64_t next = 0;
    for (int64_t rank = 0; rank < 3; ++rank) {
      const IndexRange block = block_of({rank, 3}, count);
      EXPECT_EQ(block.first, next);
      EXPECT_EQ(block.first, rank * count / 3);
      next = block.end;
    }
    EXPECT_EQ(next, count);
  }
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(block_of({2, 3}, most).end, most);
}

TEST(Shard, DealsEveryIndexToExactlyOneProcess) {
  for (const int64_t first : {0, 1, 5}) {
    std::multiset<int64_t> seen;
    for (int64_t rank = 0; rank < 3; ++rank) {
      const Shard shard{rank, 3};
      for (int64_t i = shard.next(first); i < 30; i = shard.next(i + 1)) seen.insert(i);
    }
    const std::vector<int64_t> all = counted(30);
    EXPECT_TRUE(std::equal(seen.begin(), seen.end(), all.begin() + first, all.end()));
  }
}

TEST(Shard, TwoProcessesSeeTogetherWhatOneSeesWithTwiceTheBatch) {
  const Shard a{0, 2}, b{1, 2};
  std::set<int64_t> together;
  int64_t i = a.next(8), j = b.next(8);
  for (int k = 0; k < 4; ++k, i = a.next(i + 1), j = b.next(j + 1)) together.merge(std::set{i, j});
  EXPECT_EQ(together, (std::set<int64_t>{8, 9, 10, 11, 12, 13, 14, 15}));
}

TEST(Shard, GoesBackTheWayItCame) {
  for (int64_t rank = 0; rank < 3; ++rank) {
    const Shard shard{rank, 3};
    std::vector<int64_t> there, back;
    for (int64_t i = shard.next(0); i < 20; i = shard.next(i + 1)) there.push_back(i);
    for (int64_t i = shard.previous(19); i >= 0; i = shard.previous(i - 1)) back.push_back(i);
    std::reverse(back.begin(), back.end());
    EXPECT_EQ(back, there);
    EXPECT_LT(shard.previous(-1), 0);
  }
}

TEST(Shard, ComesFromTheEnvironment) {
  const ScopedVariable rank("RANK", "1"), world("WORLD_SIZE", "4");
  EXPECT_EQ(shard_from_environment().rank, 1);
  EXPECT_EQ(shard_from_environment().world, 4);
}

TEST(Shard, IsTheWholeStreamWithoutADistributedLaunch) {
  const ScopedVariable rank("RANK", std::nullopt), world("WORLD_SIZE", std::nullopt);
  EXPECT_EQ(shard_from_environment().world, 1);
}

TEST(Shard, RefusesAnEnvironmentThatMakesNoSense) {
  using Setting = std::pair<std::optional<std::string>, std::optional<std::string>>;
  for (const auto& [rank_text, world_text] :
       {Setting{"1", std::nullopt}, Setting{std::nullopt, "2"}, Setting{"2", "2"},
        Setting{"0", "0"}, Setting{"-1", "2"}, Setting{"one", "2"}}) {
    const ScopedVariable rank("RANK", rank_text), world("WORLD_SIZE", world_text);
    EXPECT_THROW(shard_from_environment(), ConfigurationError);
  }
}

}  // namespace
}  // namespace svgen
