// SPDX-License-Identifier: MIT
// A replayed function gives what the function gives: at several sizes, and where it cannot be
// recorded.
#include "runtime/graphed_function.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/device_there.h"

namespace svgen {
namespace {

using test::largest_difference;
using test::wave;
using Inputs = std::vector<at::Tensor>;

at::Tensor product(const Inputs& inputs) {
  return at::matmul(inputs[0], inputs[0].transpose(0, 1)) * inputs[1];
}

TEST(GraphedFunction, CallsTheFunctionOnAHost) {
  const c10::InferenceMode inference;
  int calls = 0;
  runtime::GraphedFunction replay([&](const Inputs& inputs) {
    ++calls;
    return product(inputs);
  });
  for (const int64_t rows : {3, 5, 3}) {
    const Inputs inputs = {wave({rows, 4}), wave({1})};
    EXPECT_TRUE(replay(inputs).equal(product(inputs)));
  }
  EXPECT_EQ(calls, 3);
}

class GraphedFunctionOnDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* why = test::why_no_device()) GTEST_SKIP() << why;
  }
};

TEST_F(GraphedFunctionOnDevice, GivesTheFunctionsResultsAtEachSize) {
  const c10::InferenceMode inference;
  int calls = 0;
  runtime::GraphedFunction replay([&](const Inputs& inputs) {
    ++calls;
    return product(inputs);
  });
  at::Tensor first;
  for (int round = 0; round < 3; ++round)
    for (const int64_t rows : {3, 5}) {
      const Inputs inputs = {wave({rows, 4}, round).to(at::kCUDA), wave({1}, round).to(at::kCUDA)};
      const at::Tensor found = replay(inputs);
      EXPECT_LT(largest_difference(found.cpu(), product(inputs).cpu()), 1e-6);
      if (!first.defined()) first = found;
    }
  EXPECT_EQ(calls, 4) << "once to warm up and once to record, for each size";
  EXPECT_LT(largest_difference(first.cpu(), product({wave({3, 4}, 0), wave({1}, 0)})), 1e-6)
      << "a result must outlive the next replay";
}

TEST_F(GraphedFunctionOnDevice, FallsBackWhereTheFunctionWaitsForTheDevice) {
  const c10::InferenceMode inference;
  runtime::GraphedFunction replay([](const Inputs& inputs) {
    return inputs[0] * inputs[1].item<float>();  // reads a value back
  });
  const Inputs inputs = {wave({3, 4}).to(at::kCUDA), wave({1}).to(at::kCUDA)};
  for (int round = 0; round < 2; ++round)
    EXPECT_LT(largest_difference(replay(inputs).cpu(), (inputs[0] * inputs[1]).cpu()), 1e-6);
}

}  // namespace
}  // namespace svgen
