// SPDX-License-Identifier: MIT
// Counts the images of a stream that a trainer has used, and numbers those that come without one.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "common/batch_meta.h"

namespace svgen::gst {

class ImageCounter {
 public:
  /// A training begins that wants this image next.
  void begin(int64_t wanted) {
    *this = {};
    wanted_ = wanted;
  }

  /// The first image that has not been used.
  int64_t wanted() const { return wanted_; }

  /// Gives the images of a buffer their numbers where the stream has none.
  void number(std::vector<ImageFacts>& facts) {
    for (ImageFacts& fact : facts) {
      if (fact.index < 0) fact.index = counted_;
      ++counted_;
    }
  }

  /// Counts a buffer's first images that have been used, by this run or an earlier one.
  size_t past(const std::vector<ImageFacts>& facts) const {
    size_t count = 0;
    while (count < facts.size() && facts[count].index < wanted_) ++count;
    return count;
  }

  /// The images from `first` on wait to become a batch.
  void collect(const std::vector<ImageFacts>& facts, size_t first) {
    for (size_t i = first; i < facts.size(); ++i) collected_.push_back(facts[i].index);
  }

  /// The oldest of them were used. A seek may come late and bring them again.
  void use(int64_t batch) {
    const auto end = collected_.begin() + batch;
    wanted_ = *(end - 1) + 1;
    collected_.erase(collected_.begin(), end);
  }

  /// Images that are no batch yet.
  int64_t waiting() const { return static_cast<int64_t>(collected_.size()); }

  void forget_collected() { collected_.clear(); }

  /// A seek to the wanted image was sent.
  void seek() { sought_ = wanted_; }
  /// A flush has ended. Behind our own seek stands the image asked for; others only interrupt the
  /// count.
  void flushed() {
    collected_.clear();
    if (sought_ >= 0) counted_ = std::exchange(sought_, -1);
  }

 private:
  int64_t wanted_ = 0;
  int64_t counted_ = 0;  // images that came
  int64_t sought_ = -1;  // where our seek goes, until it has arrived
  std::deque<int64_t> collected_;
};

}  // namespace svgen::gst
