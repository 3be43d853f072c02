// SPDX-License-Identifier: MIT
// The finished images of a batch that a flush or a pause broke off.
#pragma once

#include "svgen/engine.h"

namespace svgen::gst {

struct UnfinishedBatch {
  SampleRequest request;  // of the whole batch
  Tensor latents;         // (finished, T, C), or undefined

  /// Returns how many images it has of another request, from its first one on: none, unless that
  /// asks for the same images.
  int64_t of(const SampleRequest& other) const;
};

/// Returns the request for all images but the first `count`.
SampleRequest without_first(const SampleRequest& request, int64_t count);

/// Returns the rows of both, in new memory of the host. They have the same shape but for the rows.
Tensor joined_rows(const Tensor& first, const Tensor& second);

}  // namespace svgen::gst
