// SPDX-License-Identifier: MIT
// Caps of video that carries tensors, and whether what follows an encoder takes its output.
//
// From GStreamer 1.28 on caps say which tensors a video carries, in their field "tensors".
#pragma once

#include <gst/gst.h>

#include <vector>

#include "common/handles.h"
#include "svgen/tensor.h"

namespace svgen::gst {

struct TensorKind {
  const char* id;
  DType dtype;
  Shape shape;  // outermost first
};

/// Returns the caps of video that carries these tensors: the same caps before GStreamer 1.28.
CapsPtr with_tensor_caps(CapsPtr video, const std::vector<TensorKind>& kinds);

/// Takes back what with_tensor_caps adds.
CapsPtr without_tensor_caps(CapsPtr video);

/// Returns the part of `video` that also suits the caps which follow; all of it where none does, so
/// that the stream arrives and check_follower can say what is wrong.
CapsPtr narrowed_video(CapsPtr video, GstCaps* follower);

/// Throws ConfigurationError where the peer of an encoder's source pad takes nothing of what is
/// sent: these caps of video, with tensors in its meta, or batches of tensors when `video` is null.
void check_follower(GstPad* source, GstCaps* video);

}  // namespace svgen::gst
