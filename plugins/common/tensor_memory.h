// SPDX-License-Identifier: MIT
// GstMemory that owns a svgen::Tensor, and tensors out of any buffer.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "common/tensor_stream.h"
#include "svgen/tensor.h"

namespace svgen::gst {

/// The caps feature that says "these memories are tensors".
inline constexpr const char* kTensorFeature = "memory:SVGTensor";

/// Makes a memory that shares the tensor's data. Mapping it for the CPU always works for a host
/// tensor.
GstMemory* tensor_memory_new(const Tensor& tensor);

/// Returns the tensors of one batch, in the order of `stream`, without a copy wherever the layout
/// allows: our own memories hand over their tensor, others are mapped for as long as the tensor
/// lives. One memory that holds all tensors back to back (a raw file) works too. Throws ShapeError
/// when the buffer's size is not the stream's.
std::vector<Tensor> tensors_of(GstBuffer* buffer, const TensorStream& stream);

}  // namespace svgen::gst
