// SPDX-License-Identifier: MIT
// Noise to normalised latents: a solver driven along the guided velocity of a model.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "diffusion/guidance.h"
#include "diffusion/solver.h"

namespace svgen::diffusion {

/// The model: x (N, T, C) float32, a time for each image, labels (N) int64 -> velocity (N, T, C)
/// float32. Of a model that predicts noise: what it predicts, of more channels perhaps.
using VelocityModel =
    std::function<at::Tensor(const at::Tensor& x, const Times& t, const at::Tensor& labels)>;

/// The classes of a batch. `null_label` stands for "no class".
struct Labels {
  std::vector<int64_t> images;  // N
  int64_t null_label = 0;
};

/// Says which velocities are mixed, where and how much. `schedule` gives the weights
/// (guidance_weights).
struct Guidance {
  SamplingOptions schedule;
  /// Guides only this many channels of the latent, from the first; the others take the conditional
  /// velocity. 0: all are guided.
  int64_t channels = 0;
  /// A weak model whose velocity, under the images' own labels, takes the place of the null class's
  /// (autoguidance, Karras et al., 2024); empty: none.
  VelocityModel weak = {};
};

/// Integrates once from t = 0 to 1, a step at a time, so that a caller may report progress or stop
/// in between. The state stays float32.
class Integration {
 public:
  /// `noise` (N, T, C) float32.
  Integration(VelocityModel model, const Labels& labels, Guidance guidance,
              std::unique_ptr<Solver> solver, at::Tensor noise);

  int64_t step() const { return solver_->step(); }  // steps done
  bool done() const { return solver_->done(); }
  const at::Tensor& state() const { return solver_->state(); }  // (N, T, C)

  void advance();

 private:
  at::Tensor guided_velocity(const at::Tensor& x, const Times& t) const;
  /// The conditional velocity and the one that guides, computed together where that is possible.
  std::pair<at::Tensor, at::Tensor> both_velocities(const at::Tensor& x, const Times& t) const;
  at::Tensor guiding_velocity(const at::Tensor& x, const Times& t) const;

  VelocityModel model_;
  Guidance guidance_;
  std::unique_ptr<Solver> solver_;
  mutable bool was_guided_ = false;  // in the last evaluation
  at::Tensor labels_, null_labels_;  // (N)
  at::Tensor both_labels_;           // (2N)
};

}  // namespace svgen::diffusion
