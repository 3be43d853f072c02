// SPDX-License-Identifier: MIT
// SvgBatchMeta: what is known of each image of a batch, in one untagged custom meta.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <vector>

#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::gst {

struct ImageFacts {
  int64_t index = -1;  // absolute image index; -1 unknown
  int64_t label = -1;  // class; -1 unknown
  uint64_t seed = 0;
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
};

/// Must run once before any other call (plugin_init does).
void register_batch_meta();

void set_image_facts(GstBuffer* buffer, const std::vector<ImageFacts>& facts);

/// Returns `count` entries: what the buffer carries, or entries without knowledge.
std::vector<ImageFacts> image_facts(GstBuffer* buffer, size_t count);

/// Makes the tensor of the images' labels, (N) int64.
Tensor labels_of(const std::vector<ImageFacts>& facts);

/// The error of an element that needs the images' indices in a distributed launch.
ConfigurationError unnumbered_images(const char* factory);

/// Counts the real images among `batch`: OFFSET_END of a padded batch leaves the rest out.
int64_t real_images(GstBuffer* buffer, int64_t batch);

}  // namespace svgen::gst
