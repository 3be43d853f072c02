// SPDX-License-Identifier: MIT
// Mapping and describing pictures.
#include "common/video_frames.h"

#include "svgen/error.h"

namespace svgen::gst {
namespace {

constexpr int kMaxSide = 8192;

template <typename Byte>
BasicImageView<Byte> view_of(const GstVideoFrame& frame) {
  BasicImageView<Byte> view;
  view.width = GST_VIDEO_FRAME_WIDTH(&frame);
  view.height = GST_VIDEO_FRAME_HEIGHT(&frame);
  // Components 0, 1, 2 are R, G, B in every RGB format, wherever they lie.
  for (int c = 0; c < 3; ++c) {
    view.planes[c] = static_cast<Byte*>(GST_VIDEO_FRAME_COMP_DATA(&frame, c));
    if (GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) == GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0)) continue;
    throw IoError(
        "the planes of a video frame have rows of different lengths: put videoconvert in "
        "front",
        {std::to_string(GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0)) + " bytes",
         std::to_string(GST_VIDEO_FRAME_COMP_STRIDE(&frame, c)) + " bytes", "video buffer"});
  }
  view.row_stride = GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0);
  view.pixel_stride = GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 0);
  return view;
}

void set_side(GstStructure* structure, const char* field, int64_t patch) {
  const int step = static_cast<int>(patch);
  GValue range = G_VALUE_INIT;
  g_value_init(&range, GST_TYPE_INT_RANGE);
  gst_value_set_int_range_step(&range, step, kMaxSide / step * step, step);
  gst_structure_take_value(structure, field, &range);
}

}  // namespace

GstVideoInfo video_info_of(const GstCaps* caps) {
  GstVideoInfo info;
  if (gst_video_info_from_caps(&info, caps)) return info;
  throw ShapeError("the video caps cannot be read", {kVideoCaps, caps_text(caps), "caps"});
}

MappedFrame::MappedFrame(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags flags) {
  if (gst_video_frame_map(&frame_, &info, buffer, flags)) return;
  throw IoError("a video frame cannot be mapped",
                {std::to_string(GST_VIDEO_INFO_SIZE(&info)) + " bytes of " +
                     gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&info)),
                 std::to_string(gst_buffer_get_size(buffer)) + " bytes", "video buffer"});
}

MappedFrame::~MappedFrame() {
  gst_video_frame_unmap(&frame_);
}

ImageView MappedFrame::view() const {
  return view_of<const uint8_t>(frame_);
}

MutableImageView MappedFrame::mutable_view() const {
  return view_of<uint8_t>(frame_);
}

void MappedFrame::blacken() const {
  const int components = GST_VIDEO_FRAME_N_COMPONENTS(&frame_);
  for (int c = 0; c < components; ++c) {
    const uint8_t level = c == GST_VIDEO_COMP_A ? 255 : 0;
    auto* row = static_cast<uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&frame_, c));
    for (int y = 0; y < GST_VIDEO_FRAME_HEIGHT(&frame_); ++y) {
      for (int x = 0; x < GST_VIDEO_FRAME_WIDTH(&frame_); ++x) {
        row[x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame_, c)] = level;
      }
      row += GST_VIDEO_FRAME_COMP_STRIDE(&frame_, c);
    }
  }
}

CapsPtr accepted_video_caps(int64_t patch, const Grid& native) {
  CapsPtr caps(gst_caps_from_string("video/x-raw, format=(string)" SVGEN_VIDEO_FORMATS
                                    ", framerate=(fraction)[0/1,max], "
                                    "pixel-aspect-ratio=(fraction)1/1"));
  GstStructure* multiples = gst_structure_copy(gst_caps_get_structure(caps.get(), 0));
  gst_caps_set_simple(caps.get(), "width", G_TYPE_INT, static_cast<gint>(native.width * patch),
                      "height", G_TYPE_INT, static_cast<gint>(native.height * patch), nullptr);
  set_side(multiples, "width", patch);
  set_side(multiples, "height", patch);
  gst_caps_append_structure(caps.get(), multiples);
  return caps;
}

CapsPtr produced_video_caps(int64_t width, int64_t height, const Fraction& rate) {
  CapsPtr caps(
      gst_caps_from_string("video/x-raw, format=(string)" SVGEN_VIDEO_FORMATS
                           ", framerate=(fraction)[0/1,max], "
                           "pixel-aspect-ratio=(fraction)1/1, "
                           "interlace-mode=(string)progressive, colorimetry=(string)sRGB"));
  gst_caps_set_simple(caps.get(), "width", G_TYPE_INT, static_cast<gint>(width), "height",
                      G_TYPE_INT, static_cast<gint>(height), nullptr);
  if (rate.is_positive()) {
    gst_caps_set_simple(caps.get(), "framerate", GST_TYPE_FRACTION, rate.numerator,
                        rate.denominator, nullptr);
  }
  return caps;
}

Fraction multiplied(const Fraction& a, int64_t numerator, int64_t denominator) {
  Fraction product;
  if (!gst_util_fraction_multiply(a.numerator, a.denominator, static_cast<gint>(numerator),
                                  static_cast<gint>(denominator), &product.numerator,
                                  &product.denominator)) {
    return {0, 1};
  }
  return product;
}

GstClockTime frame_time(uint64_t index, const Fraction& rate) {
  return gst_util_uint64_scale(index, static_cast<guint64>(rate.denominator) * GST_SECOND,
                               static_cast<guint64>(rate.numerator));
}

}  // namespace svgen::gst
