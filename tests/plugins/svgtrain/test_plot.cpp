// SPDX-License-Identifier: MIT
// Tests of charts: all kinds of curves are drawn.
#include <algorithm>
#include <cmath>

#include "support.h"
#include "svgtrain/picture_writer.h"

namespace svgen::gst::testing {
namespace {

// Counts the pixels of the thick line's colour.
int64_t line_pixels(const Picture& chart) {
  int64_t count = 0;
  for (size_t i = 0; i < chart.pixels.size(); i += 3)
    count += chart.pixels[i] == 30 && chart.pixels[i + 1] == 90 && chart.pixels[i + 2] == 180;
  return count;
}

TEST(Plot, DrawsTheCurve) {
  Curve curve;
  for (int64_t step = 1; step <= 400; ++step)
    curve.emplace_back(step, 100 * std::exp(-0.01 * static_cast<double>(step)));
  EXPECT_GT(line_pixels(draw_plot(curve, "loss")), 500);
}

TEST(Plot, SurvivesDegenerateCurves) {
  for (const Curve& curve : {Curve{}, Curve{{1, 5}}, Curve{{1, 0}, {2, 0}},
                             Curve{{1, -3}, {9, 1e9}}, Curve{{5, 1e-300}, {6, 1e300}}}) {
    const Picture chart = draw_plot(curve, "loss");
    EXPECT_EQ(chart.width, 960);
  }
}

}  // namespace
}  // namespace svgen::gst::testing
