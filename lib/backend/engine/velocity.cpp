// SPDX-License-Identifier: MIT
// The velocity of a denoiser as sampling asks for it.
#include "engine/velocity.h"

#include <ATen/ops/tensor.h>

#include "diffusion/conditioning_table.h"
#include "ops/products.h"

namespace svgen::engine {

using diffusion::Times;

namespace {

// What a pass gives: the velocity, or what the network itself predicts.
at::Tensor pass(const models::Denoiser& model, const at::Tensor& x, const at::Tensor& conditioning,
                bool is_prediction) {
  return (is_prediction ? model.prediction(x, conditioning) : model.velocity(x, conditioning))
      .to(at::kFloat);
}

runtime::GraphedNetwork<models::Denoiser>::Function graphed_pass(bool is_prediction) {
  return [=](const models::Denoiser& model, const std::vector<at::Tensor>& inputs) {
    return pass(model, inputs[0], inputs[1], is_prediction);
  };
}

}  // namespace

Velocity::Velocity()
    : velocities_(graphed_pass(/*is_prediction=*/false)),
      predictions_(graphed_pass(/*is_prediction=*/true)) {}

diffusion::VelocityModel Velocity::of(const std::shared_ptr<const models::Denoiser>& model,
                                      const std::vector<float>& times,
                                      const std::vector<int64_t>& labels, bool is_prediction) {
  if (model->device().is_cpu() && !ops::has_independent_rows(model->dtype())) {
    return [=](const at::Tensor& x, const Times& t, const at::Tensor& y) {
      return pass(*model, x, model->conditioning(at::tensor(t), y), is_prediction);
    };
  }
  std::vector<int64_t> all = labels;
  all.push_back(model->classes());
  const auto table = std::make_shared<diffusion::ConditioningTable>(*model, times, all);
  auto& graphed = is_prediction ? predictions_ : velocities_;
  return
      [graph = graphed.of(model), table](const at::Tensor& x, const Times& t, const at::Tensor& y) {
        return (*graph)({x, table->at(t, y)});
      };
}

}  // namespace svgen::engine
