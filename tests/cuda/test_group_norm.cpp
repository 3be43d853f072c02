// SPDX-License-Identifier: MIT
// The device's group normalisation against its formula: awkward sizes, each pair of types.
#include <cmath>
#include <vector>

#include "cuda/device.h"

namespace svgen::ops::cuda {
namespace {

constexpr double kEps = 1e-6;

template <typename Parameter = float>
struct Picture {
  explicit Picture(const GroupNormShape& of)
      : shape(of),
        weight(scattered<Parameter>(of.channels, 1)),
        bias(scattered<Parameter>(of.channels, 2)) {}

  GroupNormShape shape;
  std::vector<Parameter> weight, bias;
};

template <typename In, typename Parameter>
std::vector<double> definition(const std::vector<In>& x, const Picture<Parameter>& picture,
                               bool swish) {
  const auto& [images, pixels, channels, groups] = picture.shape;
  const int64_t width = channels / groups;
  std::vector<double> y(x.size());
  for (int64_t n = 0; n < images; ++n)
    for (int64_t group = 0; group < groups; ++group) {
      const auto for_each = [&, first = n * pixels * channels](const auto& work) {
        for (int64_t p = 0; p < pixels; ++p)
          for (int64_t c = group * width; c < (group + 1) * width; ++c)
            work(static_cast<size_t>(first + p * channels + c), static_cast<size_t>(c));
      };
      double mean = 0, variance = 0;
      const auto count = static_cast<double>(width * pixels);
      for_each([&](size_t i, size_t) { mean += to_float(x[i]) / count; });
      for_each([&](size_t i, size_t) { variance += std::pow(to_float(x[i]) - mean, 2) / count; });
      for_each([&](size_t i, size_t c) {
        const double z =
            (to_float(x[i]) - mean) / std::sqrt(variance + kEps) * to_float(picture.weight[c]) +
            to_float(picture.bias[c]);
        y[i] = swish ? z / (1 + std::exp(-z)) : z;
      });
    }
  return y;
}

template <typename In, typename Out, typename Parameter>
std::vector<Out> computed(const std::vector<In>& x, const Picture<Parameter>& picture, bool swish) {
  const DeviceArray<In> from(x);
  const DeviceArray<Out> to(x.size());
  const DeviceArray<Parameter> weight(picture.weight), bias(picture.bias);
  const DeviceArray<uint8_t> scratch(group_norm_scratch(picture.shape));
  check(group_norm(from.data(), to.data(), picture.shape, weight.data(), bias.data(), kEps, swish,
                   scratch.data(), nullptr));
  return to.host();
}

template <typename In, typename Out, typename Parameter = float>
void expect_definition(const GroupNormShape& shape, double offset = 0) {
  const Picture<Parameter> picture(shape);
  const auto x = scattered<In>(shape.images * shape.pixels * shape.channels, 0.4, offset);
  for (const bool swish : {false, true}) {
    const auto wanted = definition(x, picture, swish);
    const auto found = computed<In, Out>(x, picture, swish);
    for (size_t i = 0; i < wanted.size(); ++i)
      ASSERT_NEAR(to_float(found[i]), wanted[i], tolerance<Out>(wanted[i], 5e-6))
          << shape.pixels << " pixels of " << shape.channels << " channels, element " << i;
  }
}

// The last ones: more packs than a block has lanes, and more slices than one.
constexpr GroupNormShape kShapes[] = {
    {1, 1, 6, 2},     {2, 20, 56, 2},  {3, 144, 32, 2}, {1, 1023, 24, 2}, {2, 300, 96, 32},
    {1, 17, 384, 32}, {1, 9, 2056, 8}, {1, 5, 333, 3},  {1, 4133, 16, 4},
};

class CudaGroupNormTest : public DeviceTest {};

TEST_F(CudaGroupNormTest, EqualsItsFormula) {
  for (const GroupNormShape& shape : kShapes) {
    expect_definition<float, float>(shape);
    expect_definition<float, Bfloat16>(shape);
    expect_definition<Bfloat16, float>(shape);
    expect_definition<Bfloat16, Bfloat16>(shape);
    expect_definition<Bfloat16, Bfloat16, Bfloat16>(shape);
  }
}

TEST_F(CudaGroupNormTest, IsExactFarFromZero) {
  expect_definition<float, float>({1, 1024, 32, 4}, 1000);
}

TEST_F(CudaGroupNormTest, GivesTheSameBitsEachTimeAndForEachImageAlone) {
  const Picture<float> two({2, 700, 64, 32}), one({1, 700, 64, 32});
  const auto x = scattered(2 * 700 * 64, 0.4);
  const auto y = computed<float, float>(x, two, true);
  EXPECT_EQ(y, (computed<float, float>(x, two, true)));
  const auto half = static_cast<std::ptrdiff_t>(x.size() / 2);
  const std::vector<float> second(x.begin() + half, x.end());
  EXPECT_EQ(std::vector<float>(y.begin() + half, y.end()),
            (computed<float, float>(second, one, true)));
}

TEST_F(CudaGroupNormTest, MakesConstantInputTheBias) {
  const Picture<float> picture({1, 64, 8, 2});
  const auto y = computed<float, float>(std::vector<float>(64 * 8, 3.5f), picture, false);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_FLOAT_EQ(y[i], picture.bias[i % 8]);
}

}  // namespace
}  // namespace svgen::ops::cuda
