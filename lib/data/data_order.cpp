// SPDX-License-Identifier: MIT
// Permutations by counter-based random numbers, and the shard of this process.
#include "data/data_order.h"

#include <charconv>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "svgen/error.h"
#include "svgen/random.h"

namespace svgen {
namespace {

constexpr uint32_t low(uint64_t x) {
  return static_cast<uint32_t>(x);
}

// Numbers of 64 bits, two of them to a Philox block.
class Draws {
 public:
  Draws(uint64_t seed, int64_t epoch) : seed_(seed), epoch_(static_cast<uint64_t>(epoch)) {}

  /// Uniform in [0, count); the product's high half is biased by less than count / 2^64.
  int64_t below(int64_t count) {
    if (next_ % 2 == 0) {
      block_ = philox({low(next_ / 2), static_cast<uint32_t>(RandomPurpose::kShuffle), low(epoch_),
                       low(epoch_ >> 32)},
                      {low(seed_), low(seed_ >> 32)});
    }
    const size_t half = 2 * (next_++ % 2);
    const uint64_t wide = (static_cast<uint64_t>(block_[half + 1]) << 32) | block_[half];
    return static_cast<int64_t>(
        (static_cast<unsigned __int128>(wide) * static_cast<unsigned __int128>(count)) >> 64);
  }

 private:
  uint64_t seed_, epoch_, next_ = 0;
  std::array<uint32_t, 4> block_{};
};

std::optional<int64_t> environment_number(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  const std::string value = text;
  int64_t number = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (status != std::errc() || end != value.data() + value.size() || number < 0) {
    throw ConfigurationError("a variable of the distributed launch is not a number: correct it",
                             {.expected = "a number from 0", .found = value, .where = name});
  }
  return number;
}

}  // namespace

std::vector<int64_t> shuffled_items(uint64_t seed, int64_t epoch, int64_t count) {
  std::vector<int64_t> items(static_cast<size_t>(count));
  std::iota(items.begin(), items.end(), int64_t{0});
  Draws draws(seed, epoch);
  for (int64_t last = count - 1; last > 0; --last)
    std::swap(items[static_cast<size_t>(last)], items[static_cast<size_t>(draws.below(last + 1))]);
  return items;
}

DataOrder::DataOrder(int64_t count, bool shuffle, uint64_t seed)
    : count_(count), shuffle_(shuffle), seed_(seed) {
  if (count < 1) {
    throw ConfigurationError(
        "a dataset without images cannot be read",
        {.expected = "one image at least", .found = std::to_string(count), .where = "dataset"});
  }
}

DataOrder::Place DataOrder::at(int64_t index) const {
  const Place place{index / count_, index % count_};
  if (!shuffle_) return place;
  return {place.epoch, (*items_of(place.epoch))[static_cast<size_t>(place.item)]};
}

std::shared_ptr<const std::vector<int64_t>> DataOrder::items_of(int64_t epoch) const {
  const std::lock_guard lock(mutex_);
  Epoch& slot = recent_[static_cast<size_t>(epoch % 2)];
  if (slot.number != epoch) {
    slot.items = std::make_shared<const std::vector<int64_t>>(shuffled_items(seed_, epoch, count_));
    slot.number = epoch;
  }
  return slot.items;
}

IndexRange block_of(const Shard& shard, int64_t count) {
  const auto bound = [&](int64_t rank) {
    return static_cast<int64_t>(static_cast<__int128>(rank) * count / shard.world);
  };
  return {bound(shard.rank), bound(shard.rank + 1)};
}

Shard shard_from_environment() {
  const std::optional<int64_t> rank = environment_number("RANK");
  const std::optional<int64_t> world = environment_number("WORLD_SIZE");
  if (!rank && !world) return {};
  const auto text = [](const std::optional<int64_t>& number) {
    return number ? std::to_string(*number) : std::string("nothing");
  };
  if (!rank || !world || *rank >= *world) {
    throw ConfigurationError(
        "RANK and WORLD_SIZE do not fit together: set both (torchrun does) or neither",
        {.expected = "0 <= RANK < WORLD_SIZE",
         .found = "RANK " + text(rank) + ", WORLD_SIZE " + text(world),
         .where = "environment"});
  }
  return {*rank, *world};
}

}  // namespace svgen
