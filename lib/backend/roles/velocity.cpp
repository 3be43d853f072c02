// SPDX-License-Identifier: MIT
// The velocity of a diffusion transformer as sampling asks for it.
#include "roles/velocity.h"

#include "models/modulation_table.h"
#include "ops/products.h"

namespace svgen::roles {

flow::VelocityModel Velocity::of(const std::shared_ptr<const models::Dit>& model,
                                 const std::vector<float>& times,
                                 const std::vector<int64_t>& labels) {
  if (model->pos_embed.is_cuda()) {
    return
        [replay = replay_of(model)](const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) {
          return (*replay)({x, t, y});
        };
  }
  if (!ops::has_independent_rows(model->final_linear.weight.scalar_type())) {
    return [model](const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) {
      return model->forward(x, t, y).to(at::kFloat);
    };
  }
  std::vector<int64_t> all = labels;
  all.push_back(model->config.classes);
  const auto table = std::make_shared<models::ModulationTable>(*model, times, all);
  return [model, table](const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) {
    return model->velocity(x, table->at(t[0].item<float>(), y)).to(at::kFloat);
  };
}

std::shared_ptr<flow::Replay> Velocity::replay_of(const std::shared_ptr<const models::Dit>& model) {
  const std::lock_guard lock(mutex_);
  if (model_ == model) return replay_;
  model_ = model;
  replay_ = std::make_shared<flow::Replay>([model](const std::vector<at::Tensor>& inputs) {
    const at::Tensor c = model->condition(inputs[1], inputs[2]);
    return model->velocity(inputs[0], model->modulations(c)).to(at::kFloat);
  });
  return replay_;
}

}  // namespace svgen::roles
