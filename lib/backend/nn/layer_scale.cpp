// SPDX-License-Identifier: MIT
// The gain of a residual branch.
#include "nn/layer_scale.h"

#include <ATen/TensorOperators.h>

#include "ops/ops.h"

namespace svgen::nn {

at::Tensor LayerScale::operator()(const at::Tensor& x) const {
  return x * gamma.to(x.scalar_type());
}

at::Tensor LayerScale::add(const at::Tensor& x, const at::Tensor& branch) const {
  if (!ops::runs_in_kernels(x)) return x + (*this)(branch.to(x.scalar_type()));
  return ops::gated_sum(x, gamma.to(x.scalar_type()).expand({x.size(0), -1}), branch);
}

}  // namespace svgen::nn
