// SPDX-License-Identifier: MIT
// The device activations against their formulas, over awkward sizes.
#include <cmath>
#include <vector>

#include "cuda/device.h"

namespace svgen::ops::cuda {
namespace {

struct Activation {
  const char* name;
  cudaError_t (*launch)(const float*, float*, int64_t, cudaStream_t);
  double (*formula)(double);
};

const Activation kActivations[] = {
    {"silu", silu, [](double v) { return v / (1 + std::exp(-v)); }},
    {"gelu_erf", gelu_erf, [](double v) { return v * 0.5 * (1 + std::erf(v / std::sqrt(2.0))); }},
    {"gelu_tanh", gelu_tanh,
     [](double v) {
       return 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
     }},
};

class CudaActivationTest : public DeviceTest, public testing::WithParamInterface<Activation> {};

TEST_P(CudaActivationTest, EqualsItsFormulaAtEverySize) {
  for (const int64_t count : {0, 1, 31, 256, 257, 1000003}) {
    std::vector<float> x(static_cast<size_t>(count));
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 2001) / 100.0f - 10.0f;
    const DeviceArray<float> device(x);
    check(GetParam().launch(device.data(), device.data(), count, nullptr));
    const std::vector<float> y = device.host();
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_NEAR(y[i], GetParam().formula(x[i]), 2e-6 * (1 + std::abs(x[i]))) << "at " << x[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CudaActivationTest, testing::ValuesIn(kActivations),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace svgen::ops::cuda
