// SPDX-License-Identifier: MIT
// The settings of sources that read a dataset of known size, epoch after epoch.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "common/properties.h"

namespace svgen::gst {

struct OrderedSettings {
  int64_t epochs = 1;
  bool shuffle = false;
  uint64_t seed = 0;

  /// Indices that exist over all epochs; -1 without end.
  int64_t available(int64_t images) const {
    const bool endless = epochs < 0 || epochs > std::numeric_limits<int64_t>::max() / images;
    return endless ? -1 : epochs * images;
  }
};

template <typename Impl>
std::vector<Property<Impl>> ordered_properties() {
  using S = OrderedSettings;
  return {
      field<Impl>(&S::epochs, {.name = "epochs",
                               .blurb = "How often the dataset is read (-1: without end)",
                               .low = -1}),
      field<Impl>(&S::shuffle,
                  {.name = "shuffle", .blurb = "Another order in every epoch, by seed and epoch"}),
      field<Impl>(&S::seed, {.name = "seed", .blurb = "Seed of order, crops and flips"}),
  };
}

}  // namespace svgen::gst
