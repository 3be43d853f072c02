// SPDX-License-Identifier: MIT
// The velocity of a denoiser as sampling asks for it.
#include "engine/velocity.h"

#include <ATen/ops/tensor.h>

#include "diffusion/conditioning_table.h"
#include "ops/products.h"

namespace svgen::engine {

using diffusion::Times;

Velocity::Velocity()
    : graphed_([](const models::Denoiser& model, const std::vector<at::Tensor>& inputs) {
        return model.velocity(inputs[0], inputs[1]).to(at::kFloat);
      }) {}

diffusion::VelocityModel Velocity::of(const std::shared_ptr<const models::Denoiser>& model,
                                      const std::vector<float>& times,
                                      const std::vector<int64_t>& labels) {
  if (model->device().is_cpu() && !ops::has_independent_rows(model->dtype())) {
    return [model](const at::Tensor& x, const Times& t, const at::Tensor& y) {
      return model->velocity(x, at::tensor(t), y).to(at::kFloat);
    };
  }
  std::vector<int64_t> all = labels;
  all.push_back(model->classes());
  const auto table = std::make_shared<diffusion::ConditioningTable>(*model, times, all);
  return [graph = graphed_.of(model), table](const at::Tensor& x, const Times& t,
                                             const at::Tensor& y) {
    return (*graph)({x, table->at(t, y)});
  };
}

}  // namespace svgen::engine
