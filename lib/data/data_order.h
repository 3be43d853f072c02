// SPDX-License-Identifier: MIT
// Decides in which order, and by which process, the images of a dataset are read.
//
// A stream over a dataset of n images numbers them without end: image index is epoch index / n,
// place index mod n of that epoch's order. The index alone says which image it is, so a stream may
// begin anywhere, and any number of processes deal the indices out among themselves.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace svgen {

/// A permutation of 0 ... count - 1, uniform, a function of its arguments (Fisher-Yates).
std::vector<int64_t> shuffled_items(uint64_t seed, int64_t epoch, int64_t count);

/// Safe to ask from several threads.
class DataOrder {
 public:
  struct Place {
    int64_t epoch = 0;
    int64_t item = 0;  // in [0, count)
  };

  /// Without `shuffle` every epoch goes from 0 to count - 1. ConfigurationError unless count > 0.
  DataOrder(int64_t count, bool shuffle, uint64_t seed);

  int64_t count() const { return count_; }
  Place at(int64_t index) const;

 private:
  struct Epoch {
    int64_t number = -1;
    std::shared_ptr<const std::vector<int64_t>> items;
  };
  std::shared_ptr<const std::vector<int64_t>> items_of(int64_t epoch) const;

  int64_t count_;
  bool shuffle_;
  uint64_t seed_;
  mutable std::mutex mutex_;
  mutable std::array<Epoch, 2> recent_;  // two: readers ahead are in the next epoch already
};

/// Selects the part of a stream that one of several processes reads: the indices with index mod
/// world == rank. So `world` processes that take n images each have seen, together, what one
/// process sees that takes world * n; also after a restart with another world.
struct Shard {
  int64_t rank = 0;
  int64_t world = 1;

  /// The first own index that is not before `index`.
  int64_t next(int64_t index) const { return index + (rank - index % world + world) % world; }

  /// The last own index that is not behind `index`; below 0 where there is none.
  int64_t previous(int64_t index) const { return index - (index % world - rank + world) % world; }
};

struct IndexRange {
  int64_t first = 0, end = 0;
};

/// The share of a process in `count` images side by side: floor(r count / world) to
/// floor((r + 1) count / world). Together they are all of them, and their sizes differ by one at
/// most.
IndexRange block_of(const Shard& shard, int64_t count);

/// Reads RANK and WORLD_SIZE, which torchrun and job schedulers set; the whole stream when they are
/// not set. ConfigurationError when only one is, or when they make no sense.
Shard shard_from_environment();

}  // namespace svgen
