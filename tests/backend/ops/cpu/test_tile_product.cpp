// SPDX-License-Identifier: MIT
// The product in tiles.
#include "backend/ops/cpu/packed_product.h"

namespace svgen::test {
namespace {

struct Tiles {
  using Number = ops::cpu::Bfloat16;
  static constexpr auto kHas = ops::cpu::has_tile_products;
  static constexpr auto kSize = ops::cpu::tile_weight_size;
  static constexpr auto kPack = ops::cpu::pack_tile_weight;
  static constexpr auto kMultiply = ops::cpu::tile_product;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Tiles, PackedProduct, Tiles);

}  // namespace
}  // namespace svgen::test
