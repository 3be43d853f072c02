// SPDX-License-Identifier: MIT
// The message svg-preview: what images that are being made may become.
#pragma once

#include <gst/gst.h>

#include "common/tensor_stream.h"
#include "svgen/engine.h"

namespace svgen::gst {

/// Posts a message of `element` with "image-index" (int64, of the first image), "step" and "steps"
/// (int64), and "sample" (GstSample): the latents with the caps of `stream`, as an appsrc in front
/// of svgdecode takes them.
void post_preview(GstElement* element, const TensorStream& stream, const Preview& preview,
                  int64_t index);

}  // namespace svgen::gst
