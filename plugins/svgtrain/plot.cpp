// SPDX-License-Identifier: MIT
// Drawing a line chart.
#include "svgtrain/plot.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace svgen::gst {
namespace {

constexpr int kWidth = 960, kHeight = 540;
constexpr int kLeft = 90, kRight = 30, kTop = 50, kBottom = 60;
constexpr int kTicks = 5;
const cv::Scalar kInk(40, 40, 40), kGrid(225, 225, 225), kThin(190, 210, 235), kThick(30, 90, 180);

// One axis: values to pixels, linear or logarithmic.
struct Axis {
  double low = 0, high = 1;
  bool logarithmic = false;
  int from = 0, to = 1;  // pixels of low and high

  double scaled(double value) const { return logarithmic ? std::log10(value) : value; }
  int pixel(double value) const {
    const double share = (scaled(value) - scaled(low)) / (scaled(high) - scaled(low));
    return static_cast<int>(std::lround(from + share * (to - from)));
  }
  double tick(int i) const {
    const double at = scaled(low) + (scaled(high) - scaled(low)) * i / (kTicks - 1);
    return logarithmic ? std::pow(10, at) : at;
  }
};

Axis value_axis(const Curve& curve) {
  Axis axis{.from = kHeight - kBottom, .to = kTop};
  if (curve.empty()) return axis;
  const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [low, high] = std::minmax_element(curve.begin(), curve.end(), less);
  axis.low = low->second;
  axis.high = high->second;
  axis.logarithmic = axis.low > 0 && axis.high > 10 * axis.low;
  if (axis.high == axis.low) axis.high = axis.low + std::max(1e-12, std::abs(axis.low));
  return axis;
}

Axis step_axis(const Curve& curve) {
  Axis axis{.from = kLeft, .to = kWidth - kRight};
  if (curve.empty()) return axis;
  axis.low = static_cast<double>(curve.front().first);
  axis.high = std::max(axis.low + 1, static_cast<double>(curve.back().first));
  return axis;
}

std::string label(double value) {
  // This avoids printf, whose point is the locale's, and the library, which this module is free of.
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 4);
  return {text.data(), end.ptr};
}

void write(cv::Mat& image, const std::string& text, cv::Point at, double size) {
  cv::putText(image, text, at, cv::FONT_HERSHEY_SIMPLEX, size, kInk, 1, cv::LINE_AA);
}

void draw_axes(cv::Mat& image, const Axis& steps, const Axis& values, const std::string& title) {
  for (int i = 0; i < kTicks; ++i) {
    const int x = steps.pixel(steps.tick(i)), y = values.pixel(values.tick(i));
    cv::line(image, {x, kTop}, {x, kHeight - kBottom}, kGrid);
    cv::line(image, {kLeft, y}, {kWidth - kRight, y}, kGrid);
    write(image, label(std::round(steps.tick(i))), {x - 18, kHeight - kBottom + 22}, 0.45);
    write(image, label(values.tick(i)), {10, y + 5}, 0.45);
  }
  cv::rectangle(image, {kLeft, kTop}, {kWidth - kRight, kHeight - kBottom}, kInk);
  write(image, title + (values.logarithmic ? " (logarithmic)" : ""), {kLeft, kTop - 18}, 0.6);
  write(image, "step", {kWidth / 2, kHeight - 14}, 0.5);
}

// The mean over a fiftieth of the curve on either side.
Curve smoothed(const Curve& curve) {
  const auto count = static_cast<int64_t>(curve.size());
  const int64_t reach = count / 50;
  std::vector<double> sums(curve.size() + 1, 0);
  for (size_t i = 0; i < curve.size(); ++i) sums[i + 1] = sums[i] + curve[i].second;
  Curve result;
  for (int64_t i = 0; i < count; ++i) {
    const auto first = static_cast<size_t>(std::max<int64_t>(0, i - reach));
    const auto last = static_cast<size_t>(std::min(count, i + reach + 1));
    result.emplace_back(curve[static_cast<size_t>(i)].first,
                        (sums[last] - sums[first]) / static_cast<double>(last - first));
  }
  return result;
}

void draw_curve(cv::Mat& image, const Curve& curve, const Axis& steps, const Axis& values,
                const cv::Scalar& colour, int thickness) {
  std::vector<cv::Point> points;
  for (const auto& [step, value] : curve)
    points.emplace_back(steps.pixel(static_cast<double>(step)), values.pixel(value));
  cv::polylines(image, points, /*isClosed=*/false, colour, thickness, cv::LINE_AA);
}

}  // namespace

Picture draw_plot(const Curve& curve, const std::string& title) {
  Picture chart(kWidth, kHeight);
  std::fill(chart.pixels.begin(), chart.pixels.end(), uint8_t{255});
  cv::Mat image(kHeight, kWidth, CV_8UC3, chart.pixels.data());  // drawn in place, as RGB
  const Axis steps = step_axis(curve), values = value_axis(curve);
  draw_axes(image, steps, values, title);
  draw_curve(image, curve, steps, values, kThin, 1);
  draw_curve(image, smoothed(curve), steps, values, kThick, 2);
  return chart;
}

}  // namespace svgen::gst
