// SPDX-License-Identifier: MIT
// The guided velocity.
#include "diffusion/integration.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::diffusion {
namespace {

using Weight = double GuidanceWeights::*;

bool all_zero(const std::vector<GuidanceWeights>& weights, Weight weight) {
  return std::all_of(
      weights.begin(), weights.end(), [&](const GuidanceWeights& w) { return w.*weight == 0; });
}

// One number where all images have the same weight, so that they round as one image does.
at::Tensor weighted(const at::Tensor& velocity, const std::vector<GuidanceWeights>& weights,
                    Weight weight) {
  const double first = weights.front().*weight;
  if (std::all_of(weights.begin(), weights.end(),
                  [&](const GuidanceWeights& w) { return w.*weight == first; }))
    return velocity * first;
  std::vector<float> values;
  for (const GuidanceWeights& w : weights) values.push_back(static_cast<float>(w.*weight));
  return velocity * at::tensor(values).to(velocity.device()).view({-1, 1, 1});
}

// Either may be undefined: its weights are 0.
at::Tensor mix(const at::Tensor& conditional, const at::Tensor& guiding,
               const std::vector<GuidanceWeights>& weights) {
  constexpr Weight kConditional = &GuidanceWeights::conditional, kNull = &GuidanceWeights::null;
  if (!guiding.defined()) return weighted(conditional, weights, kConditional);
  if (!conditional.defined()) return weighted(guiding, weights, kNull);
  return weighted(conditional, weights, kConditional) + weighted(guiding, weights, kNull);
}

}  // namespace

Integration::Integration(VelocityModel model, const Labels& labels, Guidance guidance,
                         std::unique_ptr<Solver> solver, at::Tensor noise, Source source)
    : model_(std::move(model)),
      guidance_(std::move(guidance)),
      solver_(std::move(solver)),
      noise_(noise),
      source_(std::move(source)),
      labels_(at::tensor(labels.images).to(noise.device())),
      null_labels_(at::full_like(labels_, labels.null_label)),
      both_labels_(at::cat({labels_, null_labels_})) {
  // Schedules in the step count those that are taken.
  if (solver_->steps() > 0) guidance_.schedule.steps = solver_->steps();
  solver_->begin(std::move(noise));
  if (source_.is_start)
    solver_->replace_state(mixed(source_.path, source_.data, noise_, solver_->now()));
}

void Integration::advance() {
  const Times before = solver_->now();
  solver_->advance([this](const at::Tensor& x, const Times& t) {
    latest_ = {x, velocity(x, t), t};
    return latest_.velocity;
  });
  if (source_.mask.defined()) keep_source(before);
}

// Images that an adaptive solver has left where they were have the source in them already.
void Integration::keep_source(const Times& before) {
  const Times now = solver_->now();
  if (now == before) return;
  const at::Tensor source =
      done() ? source_.data : mixed(source_.path, source_.data, noise_, now);  // (N, T, C)
  const at::Tensor kept = keeping_source(state(), source);
  std::vector<at::Tensor> rows;
  for (size_t n = 0; n < now.size(); ++n)
    rows.push_back((now[n] == before[n] ? state() : kept)[static_cast<int64_t>(n)]);
  solver_->replace_state(at::stack(rows));
}

// Either whole where the mask is 0 or 1.
at::Tensor Integration::keeping_source(const at::Tensor& x, const at::Tensor& source) const {
  return x * source_.mask + source * (1 - source_.mask);
}

at::Tensor Integration::predicted() const {
  const at::Tensor data =
      predicted_data(source_.path, latest_.x, latest_.velocity, latest_.t);  // (N, T, C)
  return source_.mask.defined() ? keeping_source(data, source_.data) : data;
}

// Heun evaluates twice within one step: schedules in the step see the same step, schedules in the
// time see the time of the evaluation.
at::Tensor Integration::velocity(const at::Tensor& x, const Times& t) {
  std::vector<GuidanceWeights> weights;
  for (const float time : t)
    weights.push_back(guidance_weights(guidance_.schedule, solver_->step(), time));
  const Use use{.conditional = !all_zero(weights, &GuidanceWeights::conditional),
                .guiding = !all_zero(weights, &GuidanceWeights::null)};
  if (use != use_) {
    solver_->forget();
    answers_.clear();
  }
  use_ = use;
  if (!is_due()) return extrapolated(t.front());
  at::Tensor found = guided_velocity(x, t, weights);
  if (guidance_.schedule.cache_interval > 1) {
    if (answers_.size() == 2) answers_.erase(answers_.begin());
    answers_.push_back({solver_->step(), t.front(), found});
  }
  return found;
}

// The last step is the longest under a shift below 1.
bool Integration::is_due() const {
  return answers_.size() < 2 || solver_->step() + 1 == solver_->steps() ||
         solver_->step() - answers_.back().step >= guidance_.schedule.cache_interval;
}

// TaylorSeer's prediction of first order (Liu et al., 2025), of all blocks at once.
at::Tensor Integration::extrapolated(float t) const {
  const Answer &before = answers_[0], &last = answers_[1];
  const float ratio = (t - last.t) / (last.t - before.t);
  return last.velocity * (1 + ratio) - before.velocity * ratio;
}

at::Tensor Integration::guided_velocity(const at::Tensor& x, const Times& t,
                                        const std::vector<GuidanceWeights>& weights) const {
  const int64_t guided = guidance_.channels > 0 ? guidance_.channels : x.size(2);
  const bool is_partial = guidance_.channels > 0 && guided < x.size(2);
  const bool is_conditional = is_partial || use_.conditional, is_guided = use_.guiding;
  if (!is_conditional && !is_guided) return at::zeros_like(x);

  at::Tensor conditional, guiding;
  if (is_conditional && is_guided)
    std::tie(conditional, guiding) = both_velocities(x, t);
  else
    (is_guided ? guiding : conditional) =
        is_guided ? guiding_velocity(x, t) : model_(x, t, labels_);
  at::Tensor mixed = mix(conditional, guiding, weights);
  const int64_t others = mixed.size(2) - guided;
  if (others == 0 || !conditional.defined()) return mixed;
  return at::cat({mixed.narrow(2, 0, guided), conditional.narrow(2, guided, others)}, 2);
}

at::Tensor Integration::guiding_velocity(const at::Tensor& x, const Times& t) const {
  return guidance_.weak ? guidance_.weak(x, t, labels_) : model_(x, t, null_labels_);
}

std::pair<at::Tensor, at::Tensor> Integration::both_velocities(const at::Tensor& x,
                                                               const Times& t) const {
  if (guidance_.weak) {
    const at::Tensor strong = model_(x, t, labels_), weak = guidance_.weak(x, t, labels_);
    if (strong.sizes() == weak.sizes()) return {strong, weak};
    throw ConfigurationError("the guidance model predicts something else than the model",
                             {.expected = shape_text(strong.sizes().vec()),
                              .found = shape_text(weak.sizes().vec()),
                              .where = "guidance-model"});
  }
  // Both in one batch: the weights are read once, and small models fill the machine.
  Times both_times = t;
  both_times.insert(both_times.end(), t.begin(), t.end());
  const at::Tensor both = model_(at::cat({x, x}), both_times, both_labels_);
  const int64_t images = x.size(0);
  return {both.narrow(0, 0, images), both.narrow(0, images, images)};
}

}  // namespace svgen::diffusion
