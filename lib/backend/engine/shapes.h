// SPDX-License-Identifier: MIT
// Checks the shapes that enter encoder, aligner, sampler and decoder; messages show (N, T, C) and
// the dimensions of caps.
#pragma once

#include <string>
#include <vector>

#include "svgen/card.h"
#include "svgen/tensor.h"

namespace svgen::engine {

/// A size that any value fits.
inline constexpr int64_t kAnySize = -1;

/// "(N, 64, 136) = dimensions 136:64:N"; kAnySize is written N.
std::string both_notations(const Shape& shape);

/// Throws ShapeError unless `tensor` has these sizes. `what` names it: "the latents".
void check_shape(const std::string& what, const Tensor& tensor, const Shape& expected);

/// Throws ShapeError unless it is a float tensor: float32, bfloat16, float16 or float64.
void check_floating(const std::string& what, const Tensor& tensor);

/// Throws ShapeError unless both sides are positive.
void check_grid(const Grid& grid);

}  // namespace svgen::engine
