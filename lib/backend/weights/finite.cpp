// SPDX-License-Identifier: MIT
// Whether weights are numbers: infinities and what is no number have all bits of the exponent set.
#include "weights/finite.h"

#include <ATen/Parallel.h>

#include <atomic>

namespace svgen::weights {
namespace {

constexpr int64_t kGrain = 1 << 18;

template <typename Bits>
bool none_has(const at::Tensor& x, Bits exponent) {
  const auto* bits = static_cast<const Bits*>(x.const_data_ptr());
  std::atomic<bool> found{false};
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    Bits any = 0;
    for (int64_t i = begin; i < end; ++i)
      any |= static_cast<Bits>((bits[i] & exponent) == exponent ? 1 : 0);
    if (any != 0) found = true;
  });
  return !found;
}

}  // namespace

bool all_finite(const at::Tensor& x) {
  switch (x.scalar_type()) {
    case at::kDouble:
      return none_has<uint64_t>(x, 0x7ff0'0000'0000'0000);
    case at::kFloat:
      return none_has<uint32_t>(x, 0x7f80'0000);
    case at::kBFloat16:
      return none_has<uint16_t>(x, 0x7f80);
    case at::kHalf:
      return none_has<uint16_t>(x, 0x7c00);
    default:
      return true;
  }
}

}  // namespace svgen::weights
