// SPDX-License-Identifier: MIT
// Features as the GstTensorMeta of the picture that they were computed from.
//
// GStreamer has that meta from 1.26 on; SVGEN_TENSOR_META is defined in a build that has it.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "common/handles.h"
#include "svgen/tensor.h"

namespace svgen::gst {

#ifdef SVGEN_TENSOR_META
inline constexpr bool kHasTensorMeta = true;
#else
inline constexpr bool kHasTensorMeta = false;
#endif

/// Describes the property, and says where a build lacks what it needs.
const char* tensor_meta_blurb();

/// The names of the tensors in the meta.
inline constexpr const char* kFeaturesId = "svg-features";
inline constexpr const char* kResidualId = "svg-residual";

struct NamedTensor {
  const char* id;
  Tensor tensor;  // (1, tokens, channels)
};

/// Throws ConfigurationError in a build without the meta.
void require_tensor_meta();

/// Returns the picture with the tensors in its meta: row-major and contiguous, their data shared,
/// in place of those of the same name. Pixels are not copied; times, other tensors and other metas
/// stay. Throws ConfigurationError in a build without the meta.
BufferPtr with_tensors(BufferPtr picture, const std::vector<NamedTensor>& tensors);

}  // namespace svgen::gst
