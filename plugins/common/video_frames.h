// SPDX-License-Identifier: MIT
// Video buffers as views on RGB pixels, and the caps of the pictures a model takes and gives.
#pragma once

#include <gst/video/video.h>

#include "common/handles.h"
#include "common/properties.h"
#include "svgen/card.h"
#include "svgen/image.h"

namespace svgen::gst {

/// The pixel formats that need no conversion: any order of 8-bit R, G, B, packed or planar.
#define SVGEN_VIDEO_FORMATS \
  "{ RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR, RGBP, BGRP, GBR }"

inline constexpr const char* kVideoCaps =
    "video/x-raw, format=(string)" SVGEN_VIDEO_FORMATS
    ", width=(int)[1,max], height=(int)[1,max], framerate=(fraction)[0/1,max]";

/// What raw video caps say. ShapeError when they cannot be read.
GstVideoInfo video_info_of(const GstCaps* caps);

/// A mapped frame; unmapped when it goes.
class MappedFrame {
 public:
  /// Throws IoError when the buffer does not map or is smaller than `info` says.
  MappedFrame(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags flags);
  ~MappedFrame();
  MappedFrame(const MappedFrame&) = delete;
  MappedFrame& operator=(const MappedFrame&) = delete;

  ImageView view() const;
  MutableImageView mutable_view() const;

  /// Makes every pixel black, and opaque where the format has alpha.
  void blacken() const;
  bool has_alpha() const { return GST_VIDEO_INFO_HAS_ALPHA(&frame_.info); }

 private:
  GstVideoFrame frame_;
};

/// What a model's encoder takes: its native size first, so that a scaler upstream goes there, then
/// every multiple of the patch. Square pixels, so that videoscale adds borders and does not
/// squeeze.
CapsPtr accepted_video_caps(int64_t patch, const Grid& native);

/// What a decoder gives: one fixed size; a rate, or any when `rate` is not positive.
CapsPtr produced_video_caps(int64_t width, int64_t height, const Fraction& rate);

/// a * b in lowest terms; 0/1 when it overflows.
Fraction multiplied(const Fraction& a, int64_t numerator, int64_t denominator);

/// The time of frame `index` at `rate` frames a second.
GstClockTime frame_time(uint64_t index, const Fraction& rate);

}  // namespace svgen::gst
