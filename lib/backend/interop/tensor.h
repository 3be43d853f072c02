// SPDX-License-Identifier: MIT
// svgen::Tensor <-> at::Tensor, sharing the memory in both directions.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <memory>
#include <utility>

#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen {

struct DTypePair {
  DType dtype;
  at::ScalarType scalar_type;
};

inline constexpr DTypePair kDTypePairs[] = {
    {DType::kFloat32, at::kFloat},  {DType::kBFloat16, at::kBFloat16}, {DType::kFloat16, at::kHalf},
    {DType::kFloat64, at::kDouble}, {DType::kInt64, at::kLong},        {DType::kInt32, at::kInt},
    {DType::kUInt8, at::kByte},
};

inline at::ScalarType to_torch(DType dtype) {
  for (const DTypePair& pair : kDTypePairs)
    if (pair.dtype == dtype) return pair.scalar_type;
  throw ShapeError("a tensor has a dtype that LibTorch does not know");
}

/// ShapeError for a dtype that svgen tensors do not have.
inline DType from_torch(at::ScalarType scalar_type) {
  for (const DTypePair& pair : kDTypePairs)
    if (pair.scalar_type == scalar_type) return pair.dtype;
  throw ShapeError("a tensor has a dtype that svgen does not know",
                   {.expected = "float32, bfloat16, float16, float64, int64, int32 or uint8",
                    .found = c10::toString(scalar_type)});
}

inline at::Device to_torch(Device device) {
  return device.is_cpu() ? at::Device(at::kCPU)
                         : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

inline Device from_torch(const at::Device& device) {
  if (device.is_cpu()) return {};
  return {Device::Type::kCuda, device.has_index() ? device.index() : 0};
}

/// Shares the memory, which lives as long as any handle on either side. ShapeError when undefined.
inline at::Tensor to_torch(const Tensor& tensor) {
  if (!tensor.defined()) throw ShapeError("an undefined tensor was given to the backend");
  const at::Device device = to_torch(tensor.device());
  return at::from_blob(
      tensor.data(), tensor.shape(), [owner = tensor](void*) {},
      at::TensorOptions().dtype(to_torch(tensor.dtype())).device(device), device);
}

/// Shares the memory when `tensor` is contiguous, else copies it.
inline Tensor from_torch(const at::Tensor& tensor) {
  auto owner = std::make_shared<at::Tensor>(tensor.contiguous());
  // Taken by reference: the order of the arguments is open, and one takes the owner away.
  const at::Tensor& memory = *owner;
  return Tensor::wrap(from_torch(memory.scalar_type()), memory.sizes().vec(),
                      from_torch(memory.device()), memory.data_ptr(), std::move(owner));
}

}  // namespace svgen
