// SPDX-License-Identifier: MIT
// What adaptive layer norm takes.
#include "nn/modulate.h"

#include "ops/ops.h"

namespace svgen::nn {

at::Tensor Modulation::operator()(const at::Tensor& c) const {
  return linear(ops::silu(c));  // (N, parts D)
}

}  // namespace svgen::nn
