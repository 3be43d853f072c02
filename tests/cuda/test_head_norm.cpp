// SPDX-License-Identifier: MIT
// Cutting q, k and v out of their common product, normalised and turned, against the formula.
#include <cmath>
#include <cstdint>
#include <vector>

#include "cuda/device.h"

namespace svgen::ops::cuda {
namespace {

constexpr double kEps = 1e-5;

using cpu::AttentionShape;

enum class HeadNorm : std::uint8_t { kNone, kLayer, kRootMeanSquare };

// A product (images, tokens, 3, heads, head) and where its parts go.
template <typename T, typename Parameter>
struct Product {
  explicit Product(const AttentionShape& of)
      : shape(of),
        x(scattered<T>(3 * count(), 0.4, 0.1)),
        weight(scattered<Parameter>(of.head, 1, 1)),
        bias(scattered<Parameter>(of.head, 2)),
        device_x(x),
        device_weight(weight),
        device_bias(bias),
        device_y(3 * static_cast<size_t>(count())),
        sin(scattered(of.tokens * of.head, 0.7)),
        cos(scattered(of.tokens * of.head, 3)),
        device_sin(sin),
        device_cos(cos) {}

  int64_t count() const { return shape.images * shape.heads * shape.tokens * shape.head; }

  HeadPart<T, Parameter> part(int64_t index, HeadNorm norm, int64_t prefix) const {
    const int64_t row = shape.heads * shape.head;
    return {device_x.data() + index * row,
            {shape.tokens * 3 * row, shape.head, 3 * row},
            device_y.data() + index * count(),
            norm == HeadNorm::kNone ? nullptr : device_weight.data(),
            norm == HeadNorm::kLayer ? device_bias.data() : nullptr,
            kEps,
            rotation(prefix)};
  }

  // What head `h` of a token of a part becomes.
  std::vector<double> head(int64_t index, int64_t n, int64_t h, int64_t t, HeadNorm norm,
                           int64_t prefix) const {
    const int64_t row = ((n * shape.tokens + t) * 3 + index) * shape.heads + h;
    std::vector<double> y(static_cast<size_t>(shape.head));
    for (size_t i = 0; i < y.size(); ++i)
      y[i] = to_float(x[static_cast<size_t>(row * shape.head) + i]);
    if (norm != HeadNorm::kNone) normalise(y, norm == HeadNorm::kLayer);
    return prefix < 0 || t < prefix ? y : turned(y, t - prefix);
  }

  // prefix -1: none.
  cpu::HeadRotation rotation(int64_t prefix) const {
    if (prefix < 0) return {};
    return {device_sin.data(), device_cos.data(), prefix};
  }

  std::vector<double> turned(const std::vector<double>& from, int64_t row) const {
    const size_t half = from.size() / 2, first = static_cast<size_t>(row) * from.size();
    std::vector<double> y(from.size());
    for (size_t i = 0; i < y.size(); ++i) {
      const double other = i < half ? -from[i + half] : from[i - half];
      y[i] = from[i] * cos[first + i] + other * sin[first + i];
    }
    return y;
  }

  void normalise(std::vector<double>& y, bool layer) const {
    const auto size = static_cast<double>(shape.head);
    double mean = 0, variance = 0;
    if (layer)
      for (const double v : y) mean += v / size;
    for (const double v : y) variance += std::pow(v - mean, 2) / size;
    for (size_t i = 0; i < y.size(); ++i)
      y[i] = (y[i] - mean) / std::sqrt(variance + kEps) * to_float(weight[i]) +
             (layer ? to_float(bias[i]) : 0);
  }

  AttentionShape shape;
  std::vector<T> x;
  std::vector<Parameter> weight, bias;
  DeviceArray<T> device_x;
  DeviceArray<Parameter> device_weight, device_bias;
  DeviceArray<T> device_y;
  std::vector<float> sin, cos;
  DeviceArray<float> device_sin, device_cos;
};

template <typename T, typename Parameter>
void expect_parts(const AttentionShape& shape, int count, int64_t prefix = -1,
                  HeadNorm norm = HeadNorm::kLayer) {
  const Product<T, Parameter> product(shape);
  HeadParts<T, Parameter> parts{};
  parts.count = count;
  // v, the last one, is neither normalised nor turned.
  for (int i = 0; i < count; ++i)
    parts.part[i] = i < 2 ? product.part(i, norm, prefix) : product.part(i, HeadNorm::kNone, -1);
  check(split_heads(parts, shape, nullptr));
  const std::vector<T> y = product.device_y.host();
  size_t at = 0;
  for (int64_t part = 0; part < count; ++part)
    for (int64_t n = 0; n < shape.images; ++n)
      for (int64_t t = 0; t < shape.tokens; ++t)
        for (int64_t h = 0; h < shape.heads; ++h)
          for (const double wanted : part < 2 ? product.head(part, n, h, t, norm, prefix)
                                              : product.head(part, n, h, t, HeadNorm::kNone, -1)) {
            ASSERT_NEAR(to_float(y[at]), wanted, tolerance<T>(wanted, 1e-5))
                << "part " << part << ", head size " << shape.head << ", element " << at;
            ++at;
          }
  // What no part goes to is left alone.
  for (; at < y.size(); ++at) ASSERT_EQ(to_float(y[at]), 0);
}

constexpr AttentionShape kShapes[] = {{1, 1, 1, 4},  {2, 3, 5, 4},   {1, 2, 16, 16},
                                      {2, 4, 9, 72}, {1, 6, 21, 48}, {2, 17, 3, 64},
                                      {1, 3, 7, 33}, {1, 1, 5, 512}};

class CudaHeadTest : public DeviceTest {};

TEST_F(CudaHeadTest, AreCutApartAndNormalised) {
  for (const AttentionShape& shape : kShapes)
    for (const int count : {1, 2, 3}) {
      expect_parts<float, float>(shape, count);
      expect_parts<float, Bfloat16>(shape, count);
      expect_parts<Bfloat16, float>(shape, count);
      expect_parts<Bfloat16, Bfloat16>(shape, count);
    }
}

TEST_F(CudaHeadTest, TakeARootMeanSquareNormOrNone) {
  for (const AttentionShape& shape : kShapes)
    for (const HeadNorm norm : {HeadNorm::kRootMeanSquare, HeadNorm::kNone}) {
      expect_parts<float, float>(shape, 3, -1, norm);
      expect_parts<Bfloat16, Bfloat16>(shape, 3, -1, norm);
    }
}

TEST_F(CudaHeadTest, AreTurnedBehindThePrefix) {
  for (const AttentionShape& shape : kShapes) {
    if (shape.head % 2 != 0) continue;
    for (const int64_t prefix : {int64_t{0}, shape.tokens / 2}) {
      expect_parts<float, float>(shape, 3, prefix);
      expect_parts<Bfloat16, float>(shape, 3, prefix);
      expect_parts<Bfloat16, Bfloat16>(shape, 2, prefix);
    }
  }
}

}  // namespace
}  // namespace svgen::ops::cuda
