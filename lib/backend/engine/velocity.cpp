// SPDX-License-Identifier: MIT
// The velocity of a diffusion transformer as sampling asks for it.
#include "engine/velocity.h"

#include "models/dit/modulation_table.h"
#include "ops/products.h"

namespace svgen::engine {

Velocity::Velocity()
    : replayed_([](const models::Dit& model, const std::vector<at::Tensor>& inputs) {
        return model.velocity(inputs[0], inputs[1]).to(at::kFloat);
      }) {}

diffusion::VelocityModel Velocity::of(const std::shared_ptr<const models::Dit>& model,
                                      const std::vector<float>& times,
                                      const std::vector<int64_t>& labels) {
  if (model->pos_embed.is_cpu() &&
      !ops::has_independent_rows(model->final_linear.weight.scalar_type())) {
    return [model](const at::Tensor& x, float t, const at::Tensor& y) {
      return model->forward(x, t, y).to(at::kFloat);
    };
  }
  std::vector<int64_t> all = labels;
  all.push_back(model->config.classes);
  const auto table = std::make_shared<models::ModulationTable>(*model, times, all);
  return [replay = replayed_.of(model), table](const at::Tensor& x, float t, const at::Tensor& y) {
    return (*replay)({x, table->at(t, y)});
  };
}

}  // namespace svgen::engine
