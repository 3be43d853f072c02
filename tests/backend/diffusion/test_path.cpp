// SPDX-License-Identifier: MIT
// The time shift is a bijection of [0, 1]; noise belongs to its image.
#include "diffusion/path.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "svgen/random.h"

namespace svgen::diffusion {
namespace {

constexpr double kShifts[] = {0.05, 0.15, 0.4, 1.0, 3.0};

TEST(ShiftTime, FixesBothEnds) {
  for (const double shift : kShifts) {
    EXPECT_EQ(shift_time(0, shift), 0) << shift;
    EXPECT_EQ(shift_time(1, shift), 1) << shift;
  }
}

TEST(ShiftTime, IsUndoneByTheInverseShift) {
  for (const double shift : kShifts)
    for (double u = 0; u <= 1; u += 0.125)
      EXPECT_NEAR(shift_time(shift_time(u, shift), 1 / shift), u, 1e-12) << shift << " " << u;
}

TEST(ShiftTime, IsTheIdentityForShiftOneAndForNone) {
  for (const double shift : {1.0, 0.0, -1.0}) EXPECT_EQ(shift_time(0.3, shift), 0.3) << shift;
}

TEST(TimeGrid, RisesFromZeroToOne) {
  for (const int64_t steps : {1, 5, 25, 250}) {
    const std::vector<float> grid = time_grid(steps, 0.15);
    ASSERT_EQ(static_cast<int64_t>(grid.size()), steps + 1);
    EXPECT_EQ(grid.front(), 0.0f);
    EXPECT_EQ(grid.back(), 1.0f);
    for (size_t i = 1; i < grid.size(); ++i) EXPECT_LT(grid[i - 1], grid[i]);
  }
}

TEST(InitialNoise, IsThatOfEachImageByItsIndex) {
  const std::vector<int64_t> both = {7, 3}, second = {3};
  const at::Tensor noise = initial_noise(/*seed=*/1, both, 4, 5);
  EXPECT_EQ(noise.sizes().vec(), (std::vector<int64_t>{2, 4, 5}));
  EXPECT_TRUE(at::equal(initial_noise(1, second, 4, 5)[0], noise[1]));
  std::vector<float> values(20);
  normal_noise(1, 7, 0, values);
  EXPECT_TRUE(at::equal(noise[0].flatten(), at::tensor(values)));
}

}  // namespace
}  // namespace svgen::diffusion
