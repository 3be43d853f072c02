// SPDX-License-Identifier: MIT
// The device's gate against its formula, at counts that fill no pack, block or warp.
#include <cmath>
#include <vector>

#include "cuda/device.h"

namespace svgen::ops::cuda {
namespace {

class CudaGateTest : public DeviceTest {};

template <typename T>
void expect_gate(int64_t count) {
  const auto x = scattered<T>(count, 0.3), y = scattered<T>(count, 2, 1);
  const DeviceArray<T> device_x(x), device_y(y), z(x.size());
  check(silu_product(device_x.data(), device_y.data(), z.data(), count, nullptr));
  const std::vector<T> found = z.host();
  for (size_t i = 0; i < found.size(); ++i) {
    const double v = to_float(x[i]), wanted = v / (1 + std::exp(-v)) * to_float(y[i]);
    ASSERT_NEAR(to_float(found[i]), wanted, tolerance<T>(wanted, 1e-6)) << i << " of " << count;
  }
}

TEST_F(CudaGateTest, EqualsItsFormulaAtEverySize) {
  for (const int64_t count : {0, 1, 7, 8, 31, 1024, 2049, 100003}) {
    expect_gate<float>(count);
    expect_gate<Bfloat16>(count);
  }
}

template <typename T>
void expect_halves(int64_t rows, int64_t half) {
  const auto x = scattered<T>(rows * 2 * half, 0.3);
  const DeviceArray<T> device_x(x), z(static_cast<size_t>(rows * half));
  check(silu_halves(device_x.data(), z.data(), rows, half, nullptr));
  const std::vector<T> found = z.host();
  for (int64_t i = 0; i < rows * half; ++i) {
    const auto at = static_cast<size_t>(i / half * 2 * half + i % half);
    const double v = to_float(x[at]);
    const double wanted = v / (1 + std::exp(-v)) * to_float(x[at + static_cast<size_t>(half)]);
    ASSERT_NEAR(to_float(found[static_cast<size_t>(i)]), wanted, tolerance<T>(wanted, 1e-6))
        << i << " of " << rows << " rows of twice " << half;
  }
}

TEST_F(CudaGateTest, EqualsItsFormulaForTheHalvesOfRows) {
  for (const int64_t rows : {0, 1, 5})
    for (const int64_t half : {1, 7, 8, 1024, 5461}) {
      expect_halves<float>(rows, half);
      expect_halves<Bfloat16>(rows, half);
    }
}

}  // namespace
}  // namespace svgen::ops::cuda
