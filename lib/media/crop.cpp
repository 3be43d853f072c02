// SPDX-License-Identifier: MIT
// Crops as sequences of resamplings.
#include "svgen/crop.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "media/resample.h"
#include "svgen/error.h"
#include "svgen/picture.h"
#include "svgen/random.h"

namespace svgen {
namespace {

struct Size {
  int64_t width, height;
};

// The size with the shorter side exactly `side`. nearbyint rounds halves to even, as Python does.
Size with_shorter_side(const ImageView& source, int64_t side) {
  const double scale =
      static_cast<double>(side) / static_cast<double>(std::min(source.width, source.height));
  const auto scaled = [&](int64_t length) {
    return std::max(side,
                    static_cast<int64_t>(std::nearbyint(static_cast<double>(length) * scale)));
  };
  return {scaled(source.width), scaled(source.height)};
}

void check(const ImageView& source, const MutableImageView& out) {
  if (source.width > 0 && source.height > 0 && out.width > 0 && out.width == out.height) return;
  throw ShapeError(
      "a crop makes a square out of a picture that is not empty",
      {.expected = "a square",
       .found = std::to_string(out.width) + "x" + std::to_string(out.height) + " out of " +
                std::to_string(source.width) + "x" + std::to_string(source.height),
       .where = "crop"});
}

double unit(uint32_t bits) {
  return bits * 0x1p-32;
}

}  // namespace

void center_crop(const ImageView& source, const MutableImageView& out) {
  check(source, out);
  Picture halved;
  ImageView view = source;
  while (std::min(view.width, view.height) >= 2 * out.width) {
    Picture half(view.width / 2, view.height / 2);
    resample(view, ResampleFilter::kBox, half.mutable_view());
    halved = std::move(half);
    view = halved.view();
  }
  const Size size = with_shorter_side(view, out.width);
  resample(view, size.width, size.height, ResampleFilter::kBicubic, (size.width - out.width) / 2,
           (size.height - out.height) / 2, out);
}

Variation variation(uint64_t seed, int64_t epoch, int64_t item) {
  const auto low = [](uint64_t x) { return static_cast<uint32_t>(x); };
  const auto image = static_cast<uint64_t>(item);
  const auto bits =
      philox({low(static_cast<uint64_t>(epoch)), static_cast<uint32_t>(RandomPurpose::kVariation),
              low(image), low(image >> 32)},
             {low(seed), low(seed >> 32)});
  return {unit(bits[0]), unit(bits[1]), (bits[2] >> 31) != 0};
}

void random_crop(const ImageView& source, const Variation& where, const MutableImageView& out) {
  check(source, out);
  const Size size = with_shorter_side(source, out.width);
  const auto offset = [&](double u, int64_t length) {
    return static_cast<int64_t>(u * static_cast<double>(length - out.width + 1));
  };
  resample(source, size.width, size.height, ResampleFilter::kBicubic, offset(where.x, size.width),
           offset(where.y, size.height), out);
}

}  // namespace svgen
