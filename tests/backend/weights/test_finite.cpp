// SPDX-License-Identifier: MIT
// NaN and infinity are found wherever they stand, in every floating dtype.
#include "weights/finite.h"

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace svgen::weights {
namespace {

TEST(AllFinite, FindsOneValueAmongMany) {
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf})
    for (const int64_t at : {0, 1, 299'999, 599'999})
      for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
        at::Tensor x = at::ones({600'000}, dtype);
        EXPECT_TRUE(all_finite(x));
        x[at] = value;
        EXPECT_FALSE(all_finite(x)) << dtype << " " << value << " at " << at;
      }
}

TEST(AllFinite, TakesTheLargestNumbersAndTheSmallest) {
  EXPECT_TRUE(all_finite(at::full({3}, std::numeric_limits<float>::max(), at::kFloat)));
  EXPECT_TRUE(all_finite(at::full({3}, -65504.0, at::kHalf)));
  EXPECT_TRUE(all_finite(at::full({3}, 1e-45, at::kFloat)));
  EXPECT_TRUE(all_finite(at::ones({0})));
  EXPECT_TRUE(all_finite(at::full({3}, -1, at::kLong)));
}

}  // namespace
}  // namespace svgen::weights
