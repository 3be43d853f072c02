// SPDX-License-Identifier: MIT
// The device's row kernels against their formulas, at widths that are no multiple of a pack.
#include <cmath>
#include <utility>
#include <vector>

#include "cuda/device.h"

namespace svgen::ops::cuda {
namespace {

constexpr int64_t kImages = 2, kTokens = 5, kParts = 3;
constexpr double kEps = 1e-6;

// Rows, and per image kParts vectors side by side, as a modulation gives them.
struct Rows {
  explicit Rows(int64_t row_width, double offset = 0)
      : width(row_width),
        x(scattered(kImages * kTokens * width, 0.2, offset)),
        vectors(scattered(kImages * kParts * width, 1)),
        device_x(x),
        device_vectors(vectors) {}

  TokenShape shape() const { return {kImages, kTokens, width}; }
  size_t count() const { return x.size(); }
  ImageRows part(int64_t index) const {
    return {device_vectors.data() + index * width, kParts * width};
  }
  // Element i of all rows has this element of the part.
  double part_at(int64_t index, size_t i) const {
    const auto at = static_cast<int64_t>(i);
    return vectors[static_cast<size_t>((at / (kTokens * width) * kParts + index) * width +
                                       at % width)];
  }

  int64_t width;
  std::vector<float> x, vectors;
  DeviceArray<float> device_x, device_vectors;
};

// LN(x) (base + part 1) + part 0; a root mean square norm where it is not centred.
std::vector<double> modulated(const Rows& rows, const std::vector<double>& x, int base = 1,
                              bool centred = true) {
  const auto width = static_cast<size_t>(rows.width);
  std::vector<double> y(x.size());
  for (size_t first = 0; first < x.size(); first += width) {
    double mean = 0, variance = 0;
    for (size_t i = first; centred && i < first + width; ++i)
      mean += x[i] / static_cast<double>(width);
    for (size_t i = first; i < first + width; ++i)
      variance += std::pow(x[i] - mean, 2) / static_cast<double>(width);
    for (size_t i = first; i < first + width; ++i)
      y[i] = (x[i] - mean) / std::sqrt(variance + kEps) * (base + rows.part_at(1, i)) +
             rows.part_at(0, i);
  }
  return y;
}

template <typename Branch>
std::vector<double> summed(const Rows& rows, const std::vector<Branch>& branch, bool gated = true) {
  std::vector<double> y(rows.count());
  for (size_t i = 0; i < y.size(); ++i)
    y[i] = rows.x[i] + (gated ? rows.part_at(2, i) : 1) * static_cast<double>(to_float(branch[i]));
  return y;
}

template <typename Out>
void expect_near(const std::vector<Out>& found, const std::vector<double>& wanted, double of_float,
                 int64_t width) {
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(to_float(found[i]), wanted[i], tolerance<Out>(wanted[i], of_float))
        << "width " << width << ", element " << i;
}

constexpr int64_t kWidths[] = {1, 2, 15, 72, 130, 384, 513, 1152, 1155, 5000};

class CudaRowTest : public DeviceTest {};

template <typename Out>
void expect_normalised(const Rows& rows, double of_float) {
  const DeviceArray<Out> y(rows.count());
  for (const int base : {0, 1})
    for (const bool centred : {false, true}) {
      const RowNorm<Out> norm{y.data(), rows.part(0), rows.part(1), static_cast<float>(base),
                              kEps,     centred};
      check(layer_norm(rows.device_x.data(), rows.shape(), norm, nullptr));
      expect_near(y.host(), modulated(rows, {rows.x.begin(), rows.x.end()}, base, centred),
                  of_float, rows.width);
    }
}

TEST_F(CudaRowTest, NormaliseAndModulate) {
  for (const int64_t width : kWidths) {
    expect_normalised<float>(Rows(width), 5e-6);
    expect_normalised<Bfloat16>(Rows(width), 5e-6);
  }
}

TEST_F(CudaRowTest, StayExactFarFromZero) {
  // The mean itself is known to a unit in the last place of 1000.
  expect_normalised<float>(Rows(1152, 1000), 5e-4);
}

template <typename Branch>
void expect_gated(const Rows& rows) {
  const auto branch = scattered<Branch>(static_cast<int64_t>(rows.count()), 3);
  const DeviceArray<Branch> device_branch(branch);
  const DeviceArray<float> y(rows.count());
  for (const bool gated : {false, true}) {
    check(gated_sum(rows.device_x.data(), device_branch.data(), y.data(), rows.shape(),
                    gated ? rows.part(2) : ImageRows{nullptr, 0}, nullptr));
    expect_near(y.host(), summed(rows, branch, gated), 1e-6, rows.width);
  }
}

TEST_F(CudaRowTest, AddTheGatedBranch) {
  for (const int64_t width : kWidths) {
    expect_gated<float>(Rows(width));
    expect_gated<Bfloat16>(Rows(width));
  }
}

template <typename Branch, typename Out>
void expect_both(const Rows& rows) {
  const auto branch = scattered<Branch>(static_cast<int64_t>(rows.count()), 3);
  const DeviceArray<Branch> device_branch(branch);
  const DeviceArray<float> sum(rows.count());
  const DeviceArray<Out> y(rows.count());
  check(gated_sum_and_norm(rows.device_x.data(), device_branch.data(), sum.data(), rows.shape(),
                           rows.part(2),
                           RowNorm<Out>{y.data(), rows.part(0), rows.part(1), 1, kEps}, nullptr));
  const std::vector<double> wanted = summed(rows, branch);
  expect_near(sum.host(), wanted, 1e-6, rows.width);
  // A width of one has no deviation, so that only the rounding of the sum is normalised.
  if (rows.width > 2) expect_near(y.host(), modulated(rows, wanted), 2e-5, rows.width);
}

TEST_F(CudaRowTest, AddAndNormaliseInOnePass) {
  for (const int64_t width : kWidths) {
    expect_both<float, float>(Rows(width));
    expect_both<float, Bfloat16>(Rows(width));
    expect_both<Bfloat16, float>(Rows(width));
    expect_both<Bfloat16, Bfloat16>(Rows(width));
  }
}

TEST_F(CudaRowTest, TakeAddressesBetweenPacks) {
  const Rows rows(64);
  const DeviceArray<float> shifted(rows.count() + 1), y(rows.count() + 1);
  check(cudaMemcpy(shifted.data() + 1, rows.device_x.data(), rows.count() * sizeof(float),
                   cudaMemcpyDeviceToDevice));
  check(layer_norm(shifted.data() + 1, rows.shape(),
                   RowNorm<float>{y.data() + 1, rows.part(0), rows.part(1), 1, kEps}, nullptr));
  std::vector<float> found = y.host();
  EXPECT_EQ(found[0], 0);
  found.erase(found.begin());
  expect_near(found, modulated(rows, {rows.x.begin(), rows.x.end()}), 5e-6, rows.width);
}

TEST_F(CudaRowTest, DoNothingWithoutRows) {
  EXPECT_EQ(gated_sum<float>(nullptr, nullptr, nullptr, {0, 5, 8}, {nullptr, 0}, nullptr),
            cudaSuccess);
}

}  // namespace
}  // namespace svgen::ops::cuda
