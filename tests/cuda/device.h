// SPDX-License-Identifier: MIT
// What the tests of the device kernels share: a skip without a device, memory on it, bfloat16.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

#include "ops/cuda/kernels.h"

namespace svgen::ops::cuda {

inline void check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

class DeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0)
      GTEST_SKIP() << "no CUDA device on this machine";
  }
};

/// An array on the device, filled from the host's.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values) : count_(values.size()) {
    void* memory = nullptr;
    check(cudaMalloc(&memory, bytes() + 1));  // never nothing
    memory_.reset(memory);
    check(cudaMemcpy(memory, values.data(), bytes(), cudaMemcpyHostToDevice));
  }
  explicit DeviceArray(size_t count) : DeviceArray(std::vector<T>(count)) {}

  T* data() const { return static_cast<T*>(memory_.get()); }

  std::vector<T> host() const {
    std::vector<T> values(count_);
    check(cudaMemcpy(values.data(), memory_.get(), bytes(), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  struct Free {
    void operator()(void* memory) const { cudaFree(memory); }
  };

  size_t bytes() const { return count_ * sizeof(T); }

  size_t count_;
  std::unique_ptr<void, Free> memory_;
};

inline float to_float(float x) {
  return x;
}
inline float to_float(Bfloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

/// x as T, rounded to the nearest, ties to even.
template <typename T>
T rounded(float x) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return x;
  } else {
    const auto bits = std::bit_cast<uint32_t>(x);
    return static_cast<T>(static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
  }
}

/// How far a value of T may be from an exact one of this size.
template <typename T>
double tolerance(double exact, double of_float) {
  return of_float + (sizeof(T) == sizeof(float) ? 0 : std::abs(exact) / 256 + 1e-6);
}

/// Scattered values around `offset`, none further than 1.5.
template <typename T = float>
std::vector<T> scattered(int64_t count, double phase, double offset = 0) {
  std::vector<T> x(static_cast<size_t>(count));
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = rounded<T>(
        static_cast<float>(offset + 1.5 * std::sin(phase + 1.7 * static_cast<double>(i))));
  return x;
}

}  // namespace svgen::ops::cuda
