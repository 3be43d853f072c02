// SPDX-License-Identifier: MIT
// Augmented views: drawing and applying them.
#include "media/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "media/resample.h"
#include "svgen/picture.h"
#include "svgen/random.h"

namespace svgen {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

// Luma and chroma of the NTSC (YIQ), and back.
constexpr Matrix kToYiq = {
    {{0.299, 0.587, 0.114}, {0.596, -0.274, -0.322}, {0.211, -0.523, 0.312}}};
constexpr Matrix kFromYiq = {{{1, 0.956, 0.621}, {1, -0.272, -0.647}, {1, -1.106, 1.703}}};

Matrix multiplied(const Matrix& a, const Matrix& b) {
  Matrix c{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k) c[i][j] += a[i][k] * b[k][j];
  return c;
}

// The uniform numbers of one view, one after the other.
class Draws {
 public:
  Draws(uint64_t seed, uint64_t image, uint32_t view) : seed_(seed), image_(image), view_(view) {}

  double next() {
    constexpr uint32_t kBlocksPerView = 16;
    if (used_ % 4 == 0)
      block_ = uniform_numbers(seed_, image_, RandomPurpose::kAugmentation,
                               view_ * kBlocksPerView + used_ / 4);
    return block_[used_++ % 4];
  }
  double between(double low, double high) { return low + (high - low) * next(); }

 private:
  uint64_t seed_, image_;
  uint32_t view_, used_ = 0;
  std::array<double, 4> block_{};
};

// A crop of this share of the area that fits; every call draws the same number of numbers.
void draw_crop(Draws& draws, const AugmentOptions& o, int64_t width, int64_t height,
               AugmentedView& view) {
  const double area = draws.between(o.smallest_crop, o.largest_crop);
  const double ratio = std::exp(draws.between(std::log(3.0 / 4), std::log(4.0 / 3)));
  const auto fitted = [](double length, int64_t whole) {
    return std::clamp<int64_t>(std::llround(length), 1, whole);
  };
  const double pixels = area * static_cast<double>(width) * static_cast<double>(height);
  view.width = fitted(std::sqrt(pixels * ratio), width);
  view.height = fitted(std::sqrt(pixels / ratio), height);
  view.x = static_cast<int64_t>(draws.next() * static_cast<double>(width - view.width + 1));
  view.y = static_cast<int64_t>(draws.next() * static_cast<double>(height - view.height + 1));
}

ColourMap draw_colours(Draws& draws, const AugmentOptions& o) {
  const bool jitters = draws.next() < o.jitter_share, grey = draws.next() < o.grey_share;
  const double amount = jitters ? 1 : 0;
  const auto factor = [&](double largest) { return 1 + amount * draws.between(-largest, largest); };
  const double brightness = factor(o.brightness), contrast = factor(o.contrast);
  const double saturation = grey ? 0 : factor(o.saturation);
  const double turn = 2 * std::numbers::pi * amount * draws.between(-o.hue, o.hue);
  const double c = saturation * std::cos(turn), s = saturation * std::sin(turn);
  ColourMap map;
  map.gain = multiplied(kFromYiq, multiplied({{{1, 0, 0}, {0, c, -s}, {0, s, c}}}, kToYiq));
  for (auto& row : map.gain)
    for (double& value : row) value *= brightness * contrast;
  map.offset.fill(127.5 * (1 - contrast));
  return map;
}

ImageView window(const ImageView& source, const AugmentedView& view) {
  ImageView cut = source;
  for (const uint8_t*& plane : cut.planes)
    plane += view.y * source.row_stride + view.x * source.pixel_stride;
  cut.width = view.width;
  cut.height = view.height;
  return cut;
}

// The crop in its final size, at the resolution it was drawn to keep.
Picture resized_window(const ImageView& source, const AugmentedView& view, int64_t width,
                       int64_t height) {
  const ImageView cut = window(source, view);
  Picture picture(width, height), small;
  const auto reduced = [&](int64_t length) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(length) / view.coarse));
  };
  if (view.coarse > 1) {
    small = Picture(reduced(width), reduced(height));
    resample(cut, ResampleFilter::kBicubic, small.mutable_view());
  }
  const MutableImageView target = picture.mutable_view();
  resample(view.coarse > 1 ? small.view() : cut, ResampleFilter::kBicubic,
           view.flip ? mirrored(target) : target);
  return picture;
}

// [1 2 1] / 4 along a line of `count` values `stride` apart, edges repeated.
void blur_line(float* values, int64_t count, int64_t stride) {
  float before = values[0];
  for (int64_t i = 0; i < count; ++i) {
    float& value = values[i * stride];
    const float after = values[std::min(i + 1, count - 1) * stride];
    const float blurred = (before + 2 * value + after) / 4;
    before = value;
    value = blurred;
  }
}

void blur(std::vector<float>& pixels, int64_t width, int64_t height) {
  for (int64_t y = 0; y < height; ++y)
    for (int64_t c = 0; c < 3; ++c) blur_line(&pixels[(y * width * 3) + c], width, 3);
  for (int64_t x = 0; x < width * 3; ++x) blur_line(&pixels[x], height, width * 3);
}

}  // namespace

AugmentedView draw_view(uint64_t seed, uint64_t image, uint32_t number,
                        const AugmentOptions& options, int64_t width, int64_t height) {
  Draws draws(seed, image, number);
  AugmentedView view;
  draw_crop(draws, options, width, height, view);
  view.flip = draws.next() < 0.5;
  view.blur = draws.next() < options.blur_share;
  view.colours = draw_colours(draws, options);
  const bool coarse = draws.next() < options.coarse_share;
  const double factor = draws.between(2, 4);
  if (coarse) view.coarse = factor;
  view.noise = options.noise * draws.next();
  view.noise_key = static_cast<uint64_t>(draws.next() * 0x1p53);
  return view;
}

void apply_view(const ImageView& source, const AugmentedView& view, const MutableImageView& out) {
  const Picture resized = resized_window(source, view, out.width, out.height);
  std::vector<float> pixels(resized.pixels.begin(), resized.pixels.end());
  if (view.blur) blur(pixels, out.width, out.height);
  std::vector<float> noise(view.noise > 0 ? pixels.size() : 0);
  normal_noise(view.noise_key, 0, RandomPurpose::kAugmentation, noise);
  const ColourMap& map = view.colours;
  const float* in = pixels.data();
  for (int64_t y = 0; y < out.height; ++y) {
    for (int64_t x = 0; x < out.width; ++x, in += 3) {
      for (int c = 0; c < 3; ++c) {
        double value = map.gain[c][0] * in[0] + map.gain[c][1] * in[1] + map.gain[c][2] * in[2] +
                       map.offset[c];
        if (!noise.empty())
          value += view.noise * noise[static_cast<size_t>(in - pixels.data() + c)];
        out.row(c, y)[x * out.pixel_stride] =
            static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
      }
    }
  }
}

}  // namespace svgen
