// SPDX-License-Identifier: MIT
// Cuts a condition into the vectors of adaptive layer norm.
#include "nn/modulate.h"

#include "ops/ops.h"

namespace svgen::nn {

at::Tensor Modulation::operator()(const at::Tensor& c) const {
  return linear(ops::silu(c));  // (N, parts D)
}

}  // namespace svgen::nn
