// SPDX-License-Identifier: MIT
// Decoding, encoding and drawing with OpenCV.
#include "svgtrain/imageio.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "svgtrain/plot.h"

namespace svgen::gst {
namespace {

uint8_t high_byte(uint16_t value) {
  return static_cast<uint8_t>(value >> 8);
}
uint8_t high_byte(uint8_t value) {
  return value;
}

uint8_t on_white(uint8_t colour, uint8_t alpha, bool premultiplied) {
  const int own = premultiplied ? 255 * colour : colour * alpha;
  return static_cast<uint8_t>(std::min(255, (own + 255 * (255 - alpha) + 127) / 255));
}

// Rows of blue, green, red and perhaps alpha as red, green, blue on white.
template <typename Sample>
void take_pixels(const cv::Mat& image, bool premultiplied, Picture& picture) {
  picture = Picture(image.cols, image.rows);
  uint8_t* out = picture.pixels.data();
  const int channels = image.channels();
  for (int y = 0; y < image.rows; ++y) {
    const auto* bgr = image.ptr<Sample>(y);
    for (int x = 0; x < image.cols; ++x, bgr += channels) {
      const uint8_t alpha = channels == 4 ? high_byte(bgr[3]) : 255;
      for (int c = 2; c >= 0; --c) *out++ = on_white(high_byte(bgr[c]), alpha, premultiplied);
    }
  }
}

bool decode(std::span<const uint8_t> file, AlphaKind alpha, Picture& picture,
            std::string& problem) {
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U,
                      const_cast<uint8_t*>(file.data()));  // only read
  if (alpha != AlphaKind::kNone) {
    const bool premultiplied = alpha == AlphaKind::kPremultiplied;
    const cv::Mat image = cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
    if (image.type() == CV_8UC4) take_pixels<uint8_t>(image, premultiplied, picture);
    if (image.type() == CV_16UC4) take_pixels<uint16_t>(image, premultiplied, picture);
    if (image.channels() == 4 && picture.width > 0) return true;
  }
  const cv::Mat image = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  if (image.empty() || image.type() != CV_8UC3) {
    problem = "the file is damaged, or its samples are of a kind that is not read";
    return false;
  }
  take_pixels<uint8_t>(image, false, picture);
  return true;
}

bool encode(const Picture& picture, std::vector<uint8_t>& file, std::string& problem) {
  cv::Mat image(static_cast<int>(picture.height), static_cast<int>(picture.width), CV_8UC3,
                const_cast<uint8_t*>(picture.pixels.data()));  // only read
  cv::Mat bgr;
  cv::cvtColor(image, bgr, cv::COLOR_RGB2BGR);
  if (!image.empty() && cv::imencode(".png", bgr, file)) return true;
  problem = "the picture is empty or too large";
  return false;
}

}  // namespace
}  // namespace svgen::gst

namespace {

// Runs `work`; what OpenCV throws becomes `problem`.
template <typename Work>
bool guarded(std::string& problem, Work work) {
  try {
    return work();
  } catch (const std::exception& error) {  // cv::Exception above all
    problem = error.what();
    return false;
  }
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) bool svgen_decode_picture(std::span<const uint8_t> file,
                                                                 svgen::gst::AlphaKind alpha,
                                                                 svgen::Picture& picture,
                                                                 std::string& problem) {
  return guarded(
      problem, [&] { return svgen::gst::decode(file, alpha, picture, problem); });
}

__attribute__((visibility("default"))) bool svgen_encode_png(const svgen::Picture& picture,
                                                             std::vector<uint8_t>& file,
                                                             std::string& problem) {
  return guarded(
      problem, [&] { return svgen::gst::encode(picture, file, problem); });
}

__attribute__((visibility("default"))) bool svgen_draw_plot(const svgen::Curve& curve,
                                                            const std::string& title,
                                                            svgen::Picture& chart,
                                                            std::string& problem) {
  return guarded(
      problem,
      [&] {
        chart = svgen::gst::draw_plot(curve, title);
        return true;
      });
}

}  // extern "C"
