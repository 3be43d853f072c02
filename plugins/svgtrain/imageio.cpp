// SPDX-License-Identifier: MIT
// Decoding, encoding and drawing with OpenCV.
#include "svgtrain/imageio.h"

#include <algorithm>
#include <array>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "svgtrain/plot.h"

namespace svgen::gst {
namespace {

constexpr size_t kMarker = 2, kLength = 2;

// The decoder fills the missing rest of a JPEG file with grey; PIL and others call it an error. A
// complete file has an end marker behind its first scan (thumbnails have theirs before).
bool is_truncated_jpeg(std::span<const uint8_t> file) {
  constexpr uint8_t kPrefix = 0xFF, kStart = 0xD8, kEnd = 0xD9, kScan = 0xDA;
  if (file.size() < kMarker || file[0] != kPrefix || file[1] != kStart) return false;
  size_t at = kMarker;
  while (at + kMarker + kLength <= file.size() && file[at] == kPrefix && file[at + 1] != kScan) {
    at += kMarker + (static_cast<size_t>(file[at + 2]) << 8 | file[at + 3]);
  }
  if (at >= file.size()) return true;
  constexpr std::array<uint8_t, 2> kEndMarker = {kPrefix, kEnd};
  const auto scan = file.subspan(at);
  return std::search(scan.begin(), scan.end(), kEndMarker.begin(), kEndMarker.end()) == scan.end();
}

bool decode(std::span<const uint8_t> file, Picture& picture, std::string& problem) {
  if (is_truncated_jpeg(file)) {
    problem = "the file is truncated";
    return false;
  }
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U,
                      const_cast<uint8_t*>(file.data()));  // only read
  const cv::Mat image = cv::imdecode(bytes, cv::IMREAD_COLOR);
  if (image.empty() || image.type() != CV_8UC3) {
    problem = "the file is damaged or not a picture";
    return false;
  }
  picture = Picture(image.cols, image.rows);
  uint8_t* out = picture.pixels.data();
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* bgr = image.ptr(y);
    for (int x = 0; x < image.cols; ++x, bgr += 3) {
      *out++ = bgr[2];
      *out++ = bgr[1];
      *out++ = bgr[0];
    }
  }
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
                                                                 svgen::Picture& picture,
                                                                 std::string& problem) {
  return guarded(problem, [&] { return svgen::gst::decode(file, picture, problem); });
}

__attribute__((visibility("default"))) bool svgen_encode_png(const svgen::Picture& picture,
                                                             std::vector<uint8_t>& file,
                                                             std::string& problem) {
  return guarded(problem, [&] { return svgen::gst::encode(picture, file, problem); });
}

__attribute__((visibility("default"))) bool svgen_draw_plot(const svgen::Curve& curve,
                                                            const std::string& title,
                                                            svgen::Picture& chart,
                                                            std::string& problem) {
  return guarded(problem, [&] {
    chart = svgen::gst::draw_plot(curve, title);
    return true;
  });
}

}  // extern "C"
