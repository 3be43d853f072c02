// SPDX-License-Identifier: MIT
// A reference-counted handle on a contiguous tensor; no arithmetic lives here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "svgen/device.h"

namespace svgen {

enum class DType : uint8_t { kFloat32, kBFloat16, kFloat16, kFloat64, kInt64, kInt32, kUInt8 };

/// Returns the bytes of one element.
size_t element_size(DType dtype);

/// Returns "float32", "bfloat16", "float16", "float64", "int64", "int32" or "uint8".
const char* dtype_name(DType dtype);

/// Reads a name of dtype_name(). Throws ConfigurationError for an unknown name.
DType parse_dtype(std::string_view name);

using Shape = std::vector<int64_t>;  // outermost dimension first

/// Writes a shape as "[4, 256, 392]".
std::string shape_text(const Shape& shape);

/// Copies of a Tensor share the data; the last one frees it (or releases its owner).
class Tensor {
 public:
  Tensor() = default;

  /// Allocates uninitialised host memory, aligned to 64 bytes. Throws ShapeError on a negative size
  /// or a byte count that overflows.
  static Tensor empty(DType dtype, Shape shape);

  /// Wraps contiguous memory that somebody else owns; `owner` is released with the last handle, on
  /// whatever thread that happens.
  static Tensor wrap(DType dtype, Shape shape, Device device, void* data,
                     std::shared_ptr<void> owner);

  bool defined() const { return data_ != nullptr || !shape_.empty(); }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t size(size_t dimension) const { return shape_.at(dimension); }
  size_t rank() const { return shape_.size(); }
  int64_t element_count() const;
  size_t byte_count() const;
  Device device() const { return device_; }

  void* data() const { return data_; }

  /// Returns the elements, checked: throws ShapeError when T is not the dtype or the memory is not
  /// the host's.
  template <typename T>
  T* data_as() const {
    check_access(dtype_of<T>());
    return static_cast<T*>(data_);
  }

  /// Returns `count` rows of dimension 0 from `first`, sharing the memory. Throws ShapeError when
  /// the tensor has no such rows.
  Tensor rows(int64_t first, int64_t count) const;

  /// Returns the same memory in another shape. Throws ShapeError when the element counts differ.
  Tensor reshaped(Shape shape) const;

 private:
  template <typename T>
  static constexpr DType dtype_of();
  void check_access(DType wanted) const;

  DType dtype_ = DType::kFloat32;
  Shape shape_;
  Device device_;
  void* data_ = nullptr;
  std::shared_ptr<void> owner_;
};

template <>
constexpr DType Tensor::dtype_of<float>() {
  return DType::kFloat32;
}
template <>
constexpr DType Tensor::dtype_of<double>() {
  return DType::kFloat64;
}
template <>
constexpr DType Tensor::dtype_of<int64_t>() {
  return DType::kInt64;
}
template <>
constexpr DType Tensor::dtype_of<int32_t>() {
  return DType::kInt32;
}
template <>
constexpr DType Tensor::dtype_of<uint8_t>() {
  return DType::kUInt8;
}

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace svgen
