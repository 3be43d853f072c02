// SPDX-License-Identifier: MIT
// Whether weights are numbers.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::weights {

/// Whether no value is infinite or not a number, of a contiguous tensor on the host: one read of
/// it. True for integers.
bool all_finite(const at::Tensor& x);

}  // namespace svgen::weights
