// SPDX-License-Identifier: MIT
// Group normalisation of channels-last images: moments per slice of pixels, summed in order, then
// one affine map per channel.
#include <ATen/Parallel.h>

#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

constexpr int64_t kSlicePixels = 128;

// Per channel the sum and the sum of squares over `pixels` rows of `channels` values.
SVGEN_VECTOR_CLONES
void channel_moments(const float* x, int64_t pixels, int64_t channels, double* sum,
                     double* square_sum) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const int64_t n = channels - c;
    Doubles sums{}, squares{};
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      const Doubles value = __builtin_convertvector(load(x + pixel * channels + c, n), Doubles);
      sums += value;
      squares += value * value;
    }
    const size_t bytes = static_cast<size_t>(std::min(kLanes, n)) * sizeof(double);
    std::memcpy(sum + c, &sums, bytes);
    std::memcpy(square_sum + c, &squares, bytes);
  }
}

// (x - centre) * gain + bias per channel. Taking the centre off first keeps a small deviation
// around a large mean exact.
struct ChannelMap {
  std::vector<float> centre, gain, bias;
};

SVGEN_VECTOR_CLONES
void map_channels(const float* x, float* y, int64_t pixels, int64_t channels, const float* centre,
                  const float* gain, const float* bias, bool swish) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += channels, y += channels)
    for (int64_t c = 0; c < channels; c += kLanes) {
      const int64_t n = channels - c;
      const Floats v =
          (load(x + c, n) - load(centre + c, n)) * load(gain + c, n) + load(bias + c, n);
      store(y + c, swish ? v * sigmoid(v) : v, n);
    }
}

// Sums of all pixels, then sums of squares, per channel; slices are added in their order.
std::vector<double> image_moments(const float* x, int64_t pixels, int64_t channels) {
  const int64_t slices = (pixels + kSlicePixels - 1) / kSlicePixels, stride = 2 * channels;
  std::vector<double> partial(slices * stride), total(stride);
  at::parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
    for (int64_t slice = begin; slice < end; ++slice) {
      const int64_t first = slice * kSlicePixels;
      double* sums = partial.data() + slice * stride;
      channel_moments(x + first * channels, std::min(kSlicePixels, pixels - first), channels, sums,
                      sums + channels);
    }
  });
  for (int64_t slice = 0; slice < slices; ++slice)
    for (int64_t i = 0; i < stride; ++i) total[i] += partial[slice * stride + i];
  return total;
}

ChannelMap channel_map(const std::vector<double>& moments, const GroupNormShape& shape,
                       const float* weight, const float* bias, double eps) {
  const int64_t channels = shape.channels, width = channels / shape.groups;
  const double count = static_cast<double>(width * shape.pixels);
  ChannelMap map{std::vector<float>(channels), std::vector<float>(channels),
                 std::vector<float>(channels)};
  for (int64_t first = 0; first < channels; first += width) {
    double total = 0, square_total = 0;
    for (int64_t c = first; c < first + width; ++c) {
      total += moments[c];
      square_total += moments[channels + c];
    }
    const double mean = total / count;
    const double variance = std::max(square_total / count - mean * mean, 0.0);
    const double scale = 1 / std::sqrt(variance + eps);
    for (int64_t c = first; c < first + width; ++c) {
      map.centre[c] = static_cast<float>(mean);
      map.gain[c] = static_cast<float>(scale * weight[c]);
      map.bias[c] = static_cast<float>(bias[c] + (map.centre[c] - mean) * scale * weight[c]);
    }
  }
  return map;
}

}  // namespace

void group_norm(const float* x, float* y, const GroupNormShape& shape, const float* weight,
                const float* bias, double eps, bool swish) {
  const int64_t pixels = shape.pixels, channels = shape.channels;
  for (int64_t image = 0; image < shape.images; ++image) {
    const float* from = x + image * pixels * channels;
    float* to = y + image * pixels * channels;
    const ChannelMap map =
        channel_map(image_moments(from, pixels, channels), shape, weight, bias, eps);
    at::parallel_for(0, pixels, kSlicePixels, [&](int64_t begin, int64_t end) {
      map_channels(from + begin * channels, to + begin * channels, end - begin, channels,
                   map.centre.data(), map.gain.data(), map.bias.data(), swish);
    });
  }
}

}  // namespace svgen::ops::cpu
