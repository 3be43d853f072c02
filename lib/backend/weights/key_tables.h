// SPDX-License-Identifier: MIT
// Putting tables of key rules together, for spellings that share most of their names.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <tuple>

#include "weights/key_map.h"

namespace svgen::weights {

template <typename Table>
inline constexpr size_t kTableSize = std::tuple_size_v<Table>;
template <size_t kSize>
inline constexpr size_t kTableSize<KeyRule[kSize]> = kSize;

/// The rules of all tables, arrays of either kind, in order.
template <typename... Tables>
constexpr auto joined_rules(const Tables&... tables) {
  std::array<KeyRule, (kTableSize<Tables> + ...)> all{};
  auto end = all.begin();
  ((end = std::copy(std::begin(tables), std::end(tables), end)), ...);
  return all;
}

}  // namespace svgen::weights
