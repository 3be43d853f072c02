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

}  // namespace
}  // namespace svgen::ops::cuda
