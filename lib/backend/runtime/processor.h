// SPDX-License-Identifier: MIT
// Asks for the instructions that this processor has beyond its architecture's base.
#pragma once

namespace svgen::runtime {

/// Whether it has AVX-512 with the parts that every processor but the first ones has: F, BW, DQ,
/// VL.
bool has_wide_vectors();

/// Whether it multiplies pairs of bfloat16 at twice the speed of float32.
bool has_pair_products();

}  // namespace svgen::runtime
