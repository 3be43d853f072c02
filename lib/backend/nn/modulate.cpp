// SPDX-License-Identifier: MIT
// What adaptive layer norm takes.
#include "nn/modulate.h"

#include "ops/ops.h"

namespace svgen::nn {

std::vector<at::Tensor> Modulation::operator()(const at::Tensor& c) const {
  return linear(ops::silu(c)).chunk(parts, 1);  // parts x (N, D)
}

}  // namespace svgen::nn
