// SPDX-License-Identifier: MIT
// Headers that most tests of the backend include, compiled once.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>
