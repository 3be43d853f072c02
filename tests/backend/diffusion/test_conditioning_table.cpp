// SPDX-License-Identifier: MIT
// The table of conditionings has the bits of the forward pass, at whatever step it is entered.
#include "diffusion/conditioning_table.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "backend/models/checks.h"
#include "models/dit/dit.h"
#include "ops/products.h"

namespace svgen {
namespace {

using diffusion::ConditioningTable;
using diffusion::Times;

models::Dit filled() {
  models::Dit dit(
      {.channels = 6, .width = 32, .depth = 2, .heads = 4, .mlp = 48, .classes = 30, .tokens = 9});
  test::fill(dit);
  return dit;
}

std::vector<float> schedule(int64_t steps) {
  std::vector<float> times;
  for (int64_t i = 0; i <= steps; ++i)
    times.push_back(static_cast<float>(i) / static_cast<float>(steps));
  return times;
}

TEST(ConditioningTable, GivesTheForwardPassAtEveryStep) {
  const c10::InferenceMode inference;
  if (!ops::has_independent_rows(at::kFloat)) GTEST_SKIP() << "no oneDNN in this LibTorch";
  const models::Dit dit = filled();
  const at::Tensor x = test::wave({3, 9, 6}), y = at::tensor({int64_t{7}, int64_t{30}, int64_t{2}});
  // 40 steps of 3 labels take several parts; some are asked for again, as second-order solvers do.
  ConditioningTable table(dit, schedule(40), {7, 30, 2, 7});
  for (const int64_t step : {0, 1, 1, 2, 20, 21, 22, 22, 39, 40, 3}) {
    const float t = schedule(40)[step];
    const at::Tensor wanted = dit.forward(x, at::full({3}, t), y);
    EXPECT_TRUE(dit.velocity(x, table.at(Times(3, t), y)).equal(wanted)) << "step " << step;
    EXPECT_TRUE(dit.velocity(x.narrow(0, 1, 1), table.at({t}, y.narrow(0, 1, 1)))
                    .equal(wanted.narrow(0, 1, 1)));
  }
}

TEST(ConditioningTable, TakesMoreLabelsThanRowsOfAProduct) {
  const c10::InferenceMode inference;
  const models::Dit dit = filled();
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 90; ++i) labels.push_back(i % 31);
  ConditioningTable table(dit, {0.5f}, labels);
  const at::Tensor y = at::tensor(labels);
  const at::Tensor found = table.at(Times(90, 0.5f), y);
  EXPECT_EQ(found.sizes(), (std::vector<int64_t>{90, (6 * 2 + 2) * 32}));
  EXPECT_LT(test::largest_difference(found, dit.conditioning(at::full({90}, 0.5f), y)), 1e-6);
}

TEST(ConditioningTable, ComputesTimesThatNoScheduleNames) {
  const c10::InferenceMode inference;
  const models::Dit dit = filled();
  ConditioningTable table(dit, {0.0f, 0.5f}, {7, 30});
  const at::Tensor y = at::tensor({int64_t{7}, int64_t{30}});
  for (const Times& t : {Times{0.25f, 0.25f}, Times{0.5f, 0.125f}}) {
    const at::Tensor wanted = dit.conditioning(at::tensor(t), y);
    EXPECT_TRUE(table.at(t, y).equal(wanted)) << t[0] << ", " << t[1];
  }
}

}  // namespace
}  // namespace svgen
