// SPDX-License-Identifier: MIT
// What the products of this machine's CPU guarantee.
#pragma once

#include <c10/core/ScalarType.h>

namespace svgen::ops {

/// Whether linear() and conv2d() of this dtype go through oneDNN on the CPU: only then does the
/// result of a row or an image depend on nothing beside it. bfloat16 wants AVX-512.
bool has_independent_rows(c10::ScalarType dtype);

}  // namespace svgen::ops
