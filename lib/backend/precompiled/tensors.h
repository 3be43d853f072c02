// SPDX-License-Identifier: MIT
// Includes what most files of the backend include, compiled once: LibTorch's tensors take seconds.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
