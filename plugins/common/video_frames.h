// SPDX-License-Identifier: MIT
// Video buffers as views on RGB or Y'CbCr pixels, and the caps of the pictures a model takes and
// gives.
#pragma once

#include <gst/video/video.h>

#include <vector>

#include "common/handles.h"
#include "common/properties.h"
#include "svgen/card.h"
#include "svgen/image.h"
#include "svgen/ycbcr.h"

namespace svgen::gst {

/// The pixel formats that need no conversion: any order of 8-bit R, G, B, packed or planar.
#define SVGEN_RGB_FORMATS \
  "RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR, RGBP, BGRP, GBR"
/// The pixel formats that encoder and decoder convert in passing: 8-bit 4:2:0, any colorimetry.
#define SVGEN_YCBCR_FORMATS "I420, YV12, NV12, NV21"
#define SVGEN_VIDEO_CAPS(formats)          \
  "video/x-raw, format=(string){ " formats \
  " }, width=(int)[1,max], height=(int)[1,max], framerate=(fraction)[0/1,max]"

/// RGB alone, for elements that look at the levels.
inline constexpr const char* kVideoCaps = SVGEN_VIDEO_CAPS(SVGEN_RGB_FORMATS);
/// The formats that models take and give; RGB first.
inline constexpr const char* kModelVideoCaps =
    SVGEN_VIDEO_CAPS(SVGEN_RGB_FORMATS ", " SVGEN_YCBCR_FORMATS);

/// Reads raw video caps. ShapeError when they cannot be read, and for interlaced video: its frames
/// hold two pictures each, which no model has seen.
GstVideoInfo video_info_of(const GstCaps* caps);

/// Returns whether frames of that kind are views on Y'CbCr, not on RGB.
inline bool is_ycbcr(const GstVideoInfo& info) {
  return GST_VIDEO_INFO_IS_YUV(&info);
}

/// Reads the colorimetry and chroma site of a Y'CbCr format. ShapeError for a matrix that is none
/// of Y'CbCr.
YcbcrCoding coding_of(const GstVideoInfo& info);

/// The grey level that shows through where a picture that is read has no opacity.
inline constexpr uint8_t kBehindAlpha = 255;

/// Maps a frame, and unmaps it at its end. A frame with alpha that is only read is seen in front of
/// kBehindAlpha: the colour of transparent pixels is any program's guess.
class MappedFrame {
 public:
  /// Throws IoError when the buffer does not map or is smaller than `info` says.
  MappedFrame(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags flags);
  ~MappedFrame();
  MappedFrame(const MappedFrame&) = delete;
  MappedFrame& operator=(const MappedFrame&) = delete;

  /// Returns the pixels of an RGB format.
  ImageView view() const;
  MutableImageView mutable_view() const;
  /// Returns the pixels of a 4:2:0 format.
  YcbcrView ycbcr_view() const;
  MutableYcbcrView mutable_ycbcr_view() const;

  /// Makes every pixel black, and opaque where the format has alpha.
  void blacken() const;
  bool has_alpha() const { return GST_VIDEO_INFO_HAS_ALPHA(&frame_.info); }

 private:
  GstVideoFrame frame_;
  std::vector<uint8_t> composed_;  // packed RGB, of a frame with alpha
};

/// Returns the caps that a model's encoder takes: its native size first, so that a scaler upstream
/// goes there, then every multiple of the patch. Square pixels, so that videoscale adds borders and
/// does not squeeze.
CapsPtr accepted_video_caps(const LatentSpec& latent);

/// Returns the caps that a decoder gives: one fixed size; a rate, or any when `rate` is not
/// positive. RGB, then, unless `only_rgb`, Y'CbCr with its colour samples in the middle, in
/// GStreamer's colorimetry for the size or in one that downstream asks for.
CapsPtr produced_video_caps(int64_t width, int64_t height, const Fraction& rate,
                            bool only_rgb = false);

/// Returns a * b in lowest terms; 0/1 when it overflows.
Fraction multiplied(const Fraction& a, int64_t numerator, int64_t denominator);

/// Returns the time of frame `index` at `rate` frames a second.
GstClockTime frame_time(uint64_t index, const Fraction& rate);

}  // namespace svgen::gst
