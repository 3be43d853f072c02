// SPDX-License-Identifier: MIT
// Rows of Y'CbCr pictures as rows of R'G'B' levels and back, and numbers as levels.
#include "ops/cpu/ycbcr.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

using Bytes = uint8_t __attribute__((vector_size(kLanes)));

// Fixed point: a sum of levels has this many bits behind the point and 10 before it.
constexpr int kFraction = 20;
constexpr double kOne = 1 << kFraction;
constexpr int kChromaZero = 128;
constexpr int kSixteenths = 16;

int32_t fixed_point(double x) {
  return static_cast<int32_t>(std::lround(x * kOne));
}

int64_t padded(int64_t count) {
  return (count + 2 * kLanes - 1) / (2 * kLanes) * (2 * kLanes);
}

template <typename Vector, typename T>
SVGEN_INLINE Vector load_all(const T* from) {
  Vector x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

// Up to a vector of levels; behind the `count` that there are the last one goes on.
SVGEN_INLINE Bytes load(const uint8_t* from, int64_t count) {
  if (count >= kLanes) return load_all<Bytes>(from);
  uint8_t part[kLanes];
  std::fill(std::copy(from, from + count, part), part + kLanes, from[count - 1]);
  return load_all<Bytes>(part);
}

SVGEN_INLINE Ints widened(Bytes x) {
  return __builtin_convertvector(__builtin_convertvector(x, Halves), Ints);
}

// Narrows numbers from 0 to 255.
SVGEN_INLINE Bytes narrowed(Ints x) {
  return __builtin_convertvector(__builtin_convertvector(x, Halves), Bytes);
}

SVGEN_INLINE Bytes rounded(Ints sum) {
  Ints x = sum >> kFraction;
  x = x < 0 ? 0 : x;
  return narrowed(x > 255 ? 255 : x);
}

SVGEN_INLINE void store(uint8_t* to, Bytes x, int64_t count, ptrdiff_t step = 1) {
  if (step == 1 && count >= kLanes) {
    std::memcpy(to, &x, sizeof x);
    return;
  }
  for (int64_t lane = 0; lane < std::min(count, kLanes); ++lane) to[lane * step] = x[lane];
}

// Samples `step` bytes apart, 1 or 2.
SVGEN_INLINE Halves load_chroma(const uint8_t* from, ptrdiff_t step, int64_t count) {
  if (step == 1) return __builtin_convertvector(load(from, count), Halves);
  if (count <= kLanes) {  // the other plane's last byte may be the end of the memory
    uint8_t part[kLanes];
    for (int64_t lane = 0; lane < kLanes; ++lane) part[lane] = from[std::min(lane, count - 1) * 2];
    return __builtin_convertvector(load_all<Bytes>(part), Halves);
  }
  const Halves pairs = load_all<Halves>(from);
  return std::endian::native == std::endian::little ? pairs & 0xff : pairs >> 8;
}

// near_weight * near + (4 - near_weight) * far, into y[0 .. count), and the outermost ones again on
// both sides.
SVGEN_VECTOR_CLONES
void blend_rows(const uint8_t* near, const uint8_t* far, int near_weight, ptrdiff_t step,
                int64_t count, uint16_t* y) {
  const auto a = static_cast<uint16_t>(near_weight), b = static_cast<uint16_t>(4 - near_weight);
  for (int64_t i = 0; i < count; i += kLanes) {
    const Halves x = load_chroma(near + i * step, step, count - i) * a +
                     load_chroma(far + i * step, step, count - i) * b;
    std::memcpy(y + i, &x, sizeof x);
  }
  y[-1] = y[0];
  y[count] = y[count - 1];
}

// Two pixels for each sample: the sample's own and that of the neighbour on the pixel's side,
// weighed by how near their places are.
SVGEN_VECTOR_CLONES
void spread_row(const uint16_t* x, bool at_left, int64_t count, uint16_t* y) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const Halves own = load_all<Halves>(x + i), left = load_all<Halves>(x + i - 1),
                 right = load_all<Halves>(x + i + 1);
    const Halves even = at_left ? own * 4 : own * 3 + left;
    const Halves odd = at_left ? own * 2 + right * 2 : own * 3 + right;
    const Halves low =
        __builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Halves high = __builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                                29, 14, 30, 15, 31);
    std::memcpy(y + 2 * i, &low, sizeof low);
    std::memcpy(y + 2 * i + kLanes, &high, sizeof high);
  }
}

LevelSum level_sum(double a, double b, double c, double zero) {
  return {{fixed_point(a), fixed_point(b), fixed_point(c)}, fixed_point(zero + 0.5)};
}

// R', G', B' from levels of Y' and sixteenths of levels of Cb and Cr.
std::array<LevelSum, 3> to_rgb(const YcbcrCoding& coding) {
  const double kr = coding.kr, kb = coding.kb, kg = 1 - kr - kb;
  const double luma = 255.0 / coding.luma_range, chroma = 255.0 / coding.chroma_range;
  const double red = 2 * (1 - kr) * chroma, blue = 2 * (1 - kb) * chroma;
  const auto sum = [&](double cb, double cr) {
    return level_sum(luma, cb / kSixteenths, cr / kSixteenths,
                     -luma * coding.black - (cb + cr) * kChromaZero);
  };
  return {sum(0, red), sum(-blue * kb / kg, -red * kr / kg), sum(blue, 0)};
}

// Y' from the levels of a pixel, Cb and Cr from those of four pixels added up.
std::array<LevelSum, 3> from_rgb(const YcbcrCoding& coding) {
  const double kr = coding.kr, kb = coding.kb, kg = 1 - kr - kb;
  const double luma = coding.luma_range / 255.0, chroma = coding.chroma_range / 255.0 / 4;
  const double blue = chroma / (2 - 2 * kb), red = chroma / (2 - 2 * kr);
  return {level_sum(luma * kr, luma * kg, luma * kb, coding.black),
          level_sum(-blue * kr, -blue * kg, blue * (1 - kb), kChromaZero),
          level_sum(red * (1 - kr), -red * kg, -red * kb, kChromaZero)};
}

SVGEN_INLINE Bytes level_of(const LevelSum& sum, Ints a, Ints b, Ints c) {
  return rounded(a * sum.weights[0] + b * sum.weights[1] + c * sum.weights[2] + sum.constant);
}

SVGEN_VECTOR_CLONES
void convert_row(const uint8_t* luma, const uint16_t* cb, const uint16_t* cr, int64_t count,
                 const LevelSum* sums, const std::array<uint8_t*, 3>& rgb) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const Ints y = widened(load(luma + i, count - i));
    const Ints b = __builtin_convertvector(load_all<Halves>(cb + i), Ints);
    const Ints r = __builtin_convertvector(load_all<Halves>(cr + i), Ints);
    for (int c = 0; c < 3; ++c) {
      const Bytes level = level_of(sums[c], y, b, r);
      std::memcpy(rgb[c] + i, &level, sizeof level);
    }
  }
}

SVGEN_VECTOR_CLONES
void write_luma(const RgbRow& row, int64_t count, const LevelSum& sum, uint8_t* out) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const int64_t n = count - i;
    const Ints red = widened(load(row[0] + i, n)), green = widened(load(row[1] + i, n)),
               blue = widened(load(row[2] + i, n));
    store(out + i, level_of(sum, red, green, blue), n);
  }
}

// The sums of 16 neighbouring pairs; behind `count` pixels the last one goes on.
SVGEN_INLINE Halves pair_sums(const uint8_t* from, int64_t count) {
  Halves pairs;
  if (count >= 2 * kLanes) {
    pairs = load_all<Halves>(from);
  } else {
    uint8_t part[2 * kLanes];
    std::fill(std::copy(from, from + count, part), part + 2 * kLanes, from[count - 1]);
    pairs = load_all<Halves>(part);
  }
  return (pairs & 0xff) + (pairs >> 8);
}

SVGEN_VECTOR_CLONES
void write_chroma(const RgbRow& upper, const RgbRow& lower, int64_t width, const LevelSum* sums,
                  ptrdiff_t step, uint8_t* cb, uint8_t* cr) {
  const int64_t count = (width + 1) / 2;
  for (int64_t i = 0; i < count; i += kLanes) {
    Ints four[3];
    for (int c = 0; c < 3; ++c) {
      four[c] = __builtin_convertvector(
          pair_sums(upper[c] + 2 * i, width - 2 * i) + pair_sums(lower[c] + 2 * i, width - 2 * i),
          Ints);
    }
    store(cb + i * step, level_of(sums[0], four[0], four[1], four[2]), count - i, step);
    store(cr + i * step, level_of(sums[1], four[0], four[1], four[2]), count - i, step);
  }
}

}  // namespace

SVGEN_VECTOR_CLONES
void levels(const float* x, uint8_t* y, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    Floats level = 255.0f * (load(x + i, count - i) + 1.0f) / 2.0f + 0.5f;
    level = level > 0.0f ? level : 0.0f;
    level = level < 255.0f ? level : 255.0f;
    store(y + i, narrowed(__builtin_convertvector(level, Ints)), count - i);
  }
}

YcbcrReader::YcbcrReader(const YcbcrView& picture)
    : picture_(picture), sums_(to_rgb(picture.coding)) {
  // A vector before the first sample and behind the last one.
  const auto samples = static_cast<size_t>(padded(picture.chroma_width()) + 2 * kLanes);
  for (auto& row : blended_) row.resize(samples);
  for (auto& row : spread_) row.resize(2 * samples);
  for (auto& row : levels_) row.resize(2 * samples);
}

RgbRow YcbcrReader::row(int64_t y) {
  const YcbcrCoding& coding = picture_.coding;
  const bool lower_pixel = y % 2 != 0;
  const int64_t near = y / 2, last = picture_.chroma_height() - 1;
  const int64_t far = std::clamp<int64_t>(lower_pixel ? near + 1 : near - 1, 0, last);
  const int top_weight = lower_pixel ? 2 : 4;
  const int near_weight = coding.at_top ? top_weight : 3;
  for (int c = 0; c < 2; ++c) {
    uint16_t* blended = blended_[c].data() + kLanes;
    blend_rows(picture_.row(c + 1, near), picture_.row(c + 1, far), near_weight,
               picture_.chroma_step, picture_.chroma_width(), blended);
    spread_row(blended, coding.at_left, picture_.chroma_width(), spread_[c].data());
  }
  convert_row(picture_.row(0, y), spread_[0].data(), spread_[1].data(), picture_.width,
              sums_.data(), {levels_[0].data(), levels_[1].data(), levels_[2].data()});
  return {levels_[0].data(), levels_[1].data(), levels_[2].data()};
}

YcbcrWriter::YcbcrWriter(const MutableYcbcrView& picture)
    : picture_(picture), sums_(from_rgb(picture.coding)) {}

void YcbcrWriter::write_pair(int64_t pair, const RgbRow& upper, const RgbRow& lower) {
  const int64_t width = picture_.width, y = 2 * pair;
  write_luma(upper, width, sums_[0], picture_.row(0, y));
  if (y + 1 < picture_.height) write_luma(lower, width, sums_[0], picture_.row(0, y + 1));
  write_chroma(upper, lower, width, &sums_[1], picture_.chroma_step, picture_.row(1, pair),
               picture_.row(2, pair));
}

}  // namespace svgen::ops::cpu
