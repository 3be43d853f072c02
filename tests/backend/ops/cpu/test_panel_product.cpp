// SPDX-License-Identifier: MIT
// The product in panels.
#include "backend/ops/cpu/packed_product.h"

namespace svgen::test {
namespace {

template <typename T>
struct Panels {
  using Number = T;
  static constexpr auto kHas = ops::cpu::has_panel_products<T>;
  static constexpr auto kSize = ops::cpu::panel_weight_size<T>;
  static constexpr auto kPack = ops::cpu::pack_panel_weight<T>;
  static constexpr auto kMultiply = ops::cpu::panel_product<T>;
};

using Kinds = ::testing::Types<Panels<float>, Panels<ops::cpu::Bfloat16>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Panels, PackedProduct, Kinds);

}  // namespace
}  // namespace svgen::test
