// SPDX-License-Identifier: MIT
// Checks the shapes that enter encoder, aligner, sampler and decoder.
#include "engine/shapes.h"

#include <ranges>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::engine {
namespace {

std::string size_text(int64_t size) {
  return size == kAnySize ? "N" : std::to_string(size);
}

}  // namespace

std::string both_notations(const Shape& shape) {
  return "(" + joined(shape, ", ", size_text) + ") = dimensions " +
         joined(std::views::reverse(shape), ":", size_text);
}

void check_shape(const std::string& what, const Tensor& tensor, const Shape& expected) {
  bool fits = tensor.defined() && tensor.rank() == expected.size();
  for (size_t i = 0; fits && i < expected.size(); ++i)
    fits = expected[i] == kAnySize || tensor.size(i) == expected[i];
  if (fits) return;
  throw ShapeError(what + " do not have the shape this model needs",
                   {.expected = both_notations(expected),
                    .found = tensor.defined() ? both_notations(tensor.shape()) : "nothing",
                    .where = what});
}

void check_floating(const std::string& what, const Tensor& tensor) {
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kFloat16, DType::kFloat64})
    if (tensor.dtype() == dtype) return;
  throw ShapeError(what + " must hold floating-point numbers",
                   {.expected = "float32, bfloat16, float16 or float64",
                    .found = dtype_name(tensor.dtype()),
                    .where = what});
}

void check_grid(const Grid& grid) {
  if (grid.height > 0 && grid.width > 0) return;
  throw ShapeError("a token grid needs a positive height and width",
                   {.expected = "1x1 or larger",
                    .found = std::to_string(grid.width) + "x" + std::to_string(grid.height),
                    .where = "grid"});
}

}  // namespace svgen::engine
