// SPDX-License-Identifier: MIT
// The gain of a residual branch.
#include "nn/layer_scale.h"

#include <ATen/TensorOperators.h>

namespace svgen::nn {

at::Tensor LayerScale::operator()(const at::Tensor& x) const {
  return x * gamma.to(x.scalar_type());
}

}  // namespace svgen::nn
