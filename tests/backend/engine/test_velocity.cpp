// SPDX-License-Identifier: MIT
// The velocity that sampling sees is the model's, and follows the model that it is asked for.
#include "engine/velocity.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/device_there.h"
#include "models/dit/dit.h"

namespace svgen {
namespace {

using test::largest_difference;

std::shared_ptr<const models::Dit> filled(double gain, at::Device device = at::kCPU) {
  auto dit = std::make_shared<models::Dit>(models::DitConfig{
      .channels = 6, .width = 32, .depth = 2, .heads = 4, .mlp = 48, .classes = 3, .tokens = 9});
  test::fill(*dit);
  dit->final_linear.weight = dit->final_linear.weight * gain;
  nn::visit_state(*dit, [&](const nn::StateSlot& slot) { slot.tensor = slot.tensor.to(device); });
  return dit;
}

void expect_the_models(at::Device device, double tolerance) {
  const c10::InferenceMode inference;
  const std::vector<float> schedule = {0.1f, 0.2f, 0.9f};
  const at::Tensor x = test::wave({2, 9, 6}), labels = at::tensor({int64_t{1}, int64_t{3}});
  engine::Velocity velocity;
  // The second model takes the place of the first, and the first comes back.
  for (const double gain : {1.0, -2.0, 1.0}) {
    const at::Tensor wanted = filled(gain)->forward(x, at::full({2}, schedule[1]), labels);
    const diffusion::VelocityModel found = velocity.of(filled(gain, device), schedule, {1});
    for (int round = 0; round < 2; ++round)
      EXPECT_LE(
          largest_difference(
              found(x.to(device), {schedule[1], schedule[1]}, labels.to(device)).cpu(), wanted),
          tolerance);
  }
}

TEST(Velocity, IsTheModelsOnAHost) {
  expect_the_models(at::kCPU, 0);
}

TEST(Velocity, IsTheModelsOnADevice) {
  if (const char* why = test::why_no_device()) GTEST_SKIP() << why;
  expect_the_models(at::kCUDA, 1e-4);
}

}  // namespace
}  // namespace svgen
