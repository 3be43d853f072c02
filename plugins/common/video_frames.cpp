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
        {.expected = std::to_string(GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0)) + " bytes",
         .found = std::to_string(GST_VIDEO_FRAME_COMP_STRIDE(&frame, c)) + " bytes",
         .where = "video buffer"});
  }
  view.row_stride = GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0);
  view.pixel_stride = GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 0);
  return view;
}

template <typename Byte>
BasicYcbcrView<Byte> ycbcr_view_of(const GstVideoFrame& frame) {
  BasicYcbcrView<Byte> view;
  view.width = GST_VIDEO_FRAME_WIDTH(&frame);
  view.height = GST_VIDEO_FRAME_HEIGHT(&frame);
  // Components 0, 1, 2 are Y', Cb, Cr, whichever plane comes first.
  for (int c = 0; c < 3; ++c) {
    view.planes[c] = static_cast<Byte*>(GST_VIDEO_FRAME_COMP_DATA(&frame, c));
    view.row_strides[c] = GST_VIDEO_FRAME_COMP_STRIDE(&frame, c);
  }
  view.chroma_step = GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 1);
  view.coding = coding_of(frame.info);
  return view;
}

void set_side(GstStructure* structure, const char* field, int64_t patch) {
  const int step = static_cast<int>(patch);
  GValue range = G_VALUE_INIT;
  g_value_init(&range, GST_TYPE_INT_RANGE);
  gst_value_set_int_range_step(&range, step, kMaxSide / step * step, step);
  gst_structure_take_value(structure, field, &range);
}

// The first colorimetry is what GStreamer takes for granted at this size. Without a list an encoder
// that copies fields between structures would take that of RGB along.
std::string ycbcr_caps_text(int64_t width, int64_t height) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, static_cast<guint>(width),
                            static_cast<guint>(height));
  const TextPtr usual(gst_video_colorimetry_to_string(&info.colorimetry));
  return std::string(SVGEN_VIDEO_CAPS(SVGEN_YCBCR_FORMATS)) +
         ", chroma-site=(string)jpeg, colorimetry=(string){ " + text_or_empty(usual.get()) +
         ", bt601, bt709, bt2020, smpte240m, 1:4:0:0, 1:4:7:1, 1:3:5:1 }";
}

// value * alpha + behind * (1 - alpha), rounded.
uint8_t over(uint8_t value, uint8_t alpha) {
  constexpr int kOpaque = 255;
  return static_cast<uint8_t>((value * alpha + kBehindAlpha * (kOpaque - alpha) + kOpaque / 2) /
                              kOpaque);
}

std::vector<uint8_t> composed(const GstVideoFrame& frame) {
  const ImageView view = view_of<const uint8_t>(frame);
  std::vector<uint8_t> rgb(static_cast<size_t>(view.width * view.height * 3));
  const MutableImageView out = packed_rgb(rgb.data(), view.width, view.height);
  for (int64_t y = 0; y < view.height; ++y) {
    const auto* alpha =
        static_cast<const uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&frame, GST_VIDEO_COMP_A)) +
        y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, GST_VIDEO_COMP_A);
    for (int64_t x = 0; x < view.width; ++x, alpha += view.pixel_stride)
      for (int c = 0; c < 3; ++c)
        out.row(c, y)[x * 3] = over(view.row(c, y)[x * view.pixel_stride], *alpha);
  }
  return rgb;
}

}  // namespace

GstVideoInfo video_info_of(const GstCaps* caps) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps))
    throw ShapeError("the video caps cannot be read",
                     {.expected = kVideoCaps, .found = caps_text(caps), .where = "caps"});
  if (GST_VIDEO_INFO_IS_INTERLACED(&info))
    throw ShapeError(
        "the video is interlaced: put \"deinterlace\" in front",
        {.expected = "interlace-mode=progressive",
         .found = gst_video_interlace_mode_to_string(GST_VIDEO_INFO_INTERLACE_MODE(&info)),
         .where = "caps"});
  return info;
}

YcbcrCoding coding_of(const GstVideoInfo& info) {
  YcbcrCoding coding;
  if (!gst_video_color_matrix_get_Kr_Kb(info.colorimetry.matrix, &coding.kr, &coding.kb)) {
    throw ShapeError("the colour matrix of the video is none of Y'CbCr: put videoconvert between",
                     {.expected = "bt601, bt709 or bt2020",
                      .found = "matrix " + std::to_string(info.colorimetry.matrix),
                      .where = "colorimetry of the caps"});
  }
  gint offsets[GST_VIDEO_MAX_COMPONENTS], scales[GST_VIDEO_MAX_COMPONENTS];
  gst_video_color_range_offsets(info.colorimetry.range, info.finfo, offsets, scales);
  coding.black = offsets[0];
  coding.luma_range = scales[0];
  coding.chroma_range = scales[1];
  coding.at_left = (info.chroma_site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0;
  coding.at_top = (info.chroma_site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0;
  return coding;
}

MappedFrame::MappedFrame(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags flags) {
  if (gst_video_frame_map(&frame_, &info, buffer, flags)) {
    if (has_alpha() && (flags & GST_MAP_WRITE) == 0) composed_ = composed(frame_);
    return;
  }
  throw IoError("a video frame cannot be mapped",
                {.expected = std::to_string(GST_VIDEO_INFO_SIZE(&info)) + " bytes of " +
                             gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&info)),
                 .found = std::to_string(gst_buffer_get_size(buffer)) + " bytes",
                 .where = "video buffer"});
}

MappedFrame::~MappedFrame() {
  gst_video_frame_unmap(&frame_);
}

ImageView MappedFrame::view() const {
  if (!composed_.empty())
    return packed_rgb(composed_.data(), GST_VIDEO_FRAME_WIDTH(&frame_),
                      GST_VIDEO_FRAME_HEIGHT(&frame_));
  return view_of<const uint8_t>(frame_);
}

MutableImageView MappedFrame::mutable_view() const {
  return view_of<uint8_t>(frame_);
}

YcbcrView MappedFrame::ycbcr_view() const {
  return ycbcr_view_of<const uint8_t>(frame_);
}

MutableYcbcrView MappedFrame::mutable_ycbcr_view() const {
  return ycbcr_view_of<uint8_t>(frame_);
}

void MappedFrame::blacken() const {
  gint black[GST_VIDEO_MAX_COMPONENTS] = {}, scales[GST_VIDEO_MAX_COMPONENTS];
  if (is_ycbcr(frame_.info))
    gst_video_color_range_offsets(frame_.info.colorimetry.range, frame_.info.finfo, black, scales);
  const int components = GST_VIDEO_FRAME_N_COMPONENTS(&frame_);
  for (int c = 0; c < components; ++c) {
    const auto level = static_cast<uint8_t>(c == GST_VIDEO_COMP_A ? 255 : black[c]);
    auto* row = static_cast<uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&frame_, c));
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame_, c); ++y) {
      for (ptrdiff_t x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame_, c); ++x)
        row[x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame_, c)] = level;
      row += GST_VIDEO_FRAME_COMP_STRIDE(&frame_, c);
    }
  }
}

CapsPtr accepted_video_caps(const LatentSpec& latent) {
  CapsPtr caps(gst_caps_from_string(kModelVideoCaps));
  gst_caps_set_simple(caps.get(), "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr);
  GstStructure* multiples = gst_structure_copy(gst_caps_get_structure(caps.get(), 0));
  gst_caps_set_simple(caps.get(), "width", G_TYPE_INT, static_cast<gint>(latent.picture_width()),
                      "height", G_TYPE_INT, static_cast<gint>(latent.picture_height()), nullptr);
  set_side(multiples, "width", latent.cell);
  set_side(multiples, "height", latent.cell);
  gst_caps_append_structure(caps.get(), multiples);
  return caps;
}

CapsPtr produced_video_caps(int64_t width, int64_t height, const Fraction& rate, bool only_rgb) {
  std::string text = std::string(kVideoCaps) + ", colorimetry=(string)sRGB";
  if (!only_rgb) text += "; " + ycbcr_caps_text(width, height);
  CapsPtr caps(gst_caps_from_string(text.c_str()));
  gst_caps_set_simple(caps.get(), "width", G_TYPE_INT, static_cast<gint>(width), "height",
                      G_TYPE_INT, static_cast<gint>(height), "pixel-aspect-ratio",
                      GST_TYPE_FRACTION, 1, 1, "interlace-mode", G_TYPE_STRING, "progressive",
                      nullptr);
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
                                  &product.denominator))
    return {0, 1};
  return product;
}

GstClockTime frame_time(uint64_t index, const Fraction& rate) {
  return gst_util_uint64_scale(index, static_cast<guint64>(rate.denominator) * GST_SECOND,
                               static_cast<guint64>(rate.numerator));
}

}  // namespace svgen::gst
