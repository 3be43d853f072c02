// SPDX-License-Identifier: MIT
// Tensor handles: allocation, views and checks.
#include "svgen/tensor.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen {
namespace {

struct DTypeFacts {
  DType dtype;
  const char* name;
  size_t size;
};

constexpr DTypeFacts kDTypes[] = {
    {DType::kFloat32, "float32", 4}, {DType::kBFloat16, "bfloat16", 2},
    {DType::kFloat16, "float16", 2}, {DType::kFloat64, "float64", 8},
    {DType::kInt64, "int64", 8},     {DType::kInt32, "int32", 4},
    {DType::kUInt8, "uint8", 1},
};

const DTypeFacts& facts(DType dtype) {
  return *std::find_if(
      std::begin(kDTypes), std::end(kDTypes),
      [dtype](const DTypeFacts& row) { return row.dtype == dtype; });
}

// The element count of a shape whose bytes fit into memory at all.
int64_t checked_count(const Shape& shape, DType dtype) {
  const int64_t limit =
      std::numeric_limits<int64_t>::max() / static_cast<int64_t>(facts(dtype).size);
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || (size > 0 && count > limit / size)) {
      throw ShapeError(
          "a tensor of this shape cannot exist",
          {.expected = "sizes from 0 up whose bytes fit into 63 bits", .found = shape_text(shape)});
    }
    count *= size;
  }
  return count;
}

}  // namespace

size_t element_size(DType dtype) {
  return facts(dtype).size;
}

const char* dtype_name(DType dtype) {
  return facts(dtype).name;
}

DType parse_dtype(std::string_view name) {
  for (const DTypeFacts& row : kDTypes)
    if (name == row.name) return row.dtype;
  const std::string known = "one of " + joined(kDTypes, ", ", &DTypeFacts::name);
  throw ConfigurationError("unknown dtype: use " + known,
                           {.expected = known, .found = std::string(name), .where = "dtype"});
}

std::string shape_text(const Shape& shape) {
  return "[" +
         joined(
             shape, ", ", [](int64_t size) { return std::to_string(size); }) +
         "]";
}

Tensor Tensor::empty(DType dtype, Shape shape) {
  constexpr size_t kAlignment = 64;
  const size_t bytes =
      static_cast<size_t>(checked_count(shape, dtype)) * svgen::element_size(dtype);
  const size_t rounded = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  void* data = std::aligned_alloc(kAlignment, rounded);
  if (data == nullptr) throw std::bad_alloc();
  return wrap(dtype, std::move(shape), Device{}, data, std::shared_ptr<void>(data, std::free));
}

Tensor Tensor::wrap(DType dtype, Shape shape, Device device, void* data,
                    std::shared_ptr<void> owner) {
  checked_count(shape, dtype);
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.device_ = device;
  tensor.data_ = data;
  tensor.owner_ = std::move(owner);
  return tensor;
}

int64_t Tensor::element_count() const {
  if (!defined()) return 0;
  int64_t count = 1;
  for (const int64_t size : shape_) count *= size;
  return count;
}

size_t Tensor::byte_count() const {
  return static_cast<size_t>(element_count()) * element_size(dtype_);
}

void Tensor::check_access(DType wanted) const {
  if (dtype_ != wanted) {
    throw ShapeError("a tensor was read as another dtype",
                     {.expected = dtype_name(wanted),
                      .found = dtype_name(dtype_),
                      .where = "tensor " + shape_text(shape_)});
  }
  if (!device_.is_cpu()) {
    throw ShapeError(
        "a device tensor was read on the host: copy it first",
        {.expected = "cpu", .found = device_.name(), .where = "tensor " + shape_text(shape_)});
  }
}

Tensor Tensor::rows(int64_t first, int64_t count) const {
  if (shape_.empty() || first < 0 || count < 0 || first > shape_[0] - count) {
    throw ShapeError("rows outside of a tensor",
                     {.expected = "rows within " + shape_text(shape_),
                      .found = std::to_string(count) + " rows from " + std::to_string(first)});
  }
  const size_t row_bytes = shape_[0] ? byte_count() / static_cast<size_t>(shape_[0]) : 0;
  Tensor view = *this;
  view.shape_[0] = count;
  view.data_ = static_cast<std::byte*>(data_) + row_bytes * static_cast<size_t>(first);
  return view;
}

Tensor Tensor::reshaped(Shape shape) const {
  if (checked_count(shape, dtype_) != element_count()) {
    throw ShapeError(
        "a tensor cannot take this shape",
        {.expected = "as many elements as " + shape_text(shape_), .found = shape_text(shape)});
  }
  Tensor view = *this;
  view.shape_ = std::move(shape);
  return view;
}

}  // namespace svgen
