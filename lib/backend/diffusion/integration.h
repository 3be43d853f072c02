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

/// What an edit starts from and keeps, on the path of the model's process.
struct Source {
  Path path = Path::kStraight;
  at::Tensor data = {};   // (N, T, C); undefined: images out of noise alone
  bool is_start = false;  // the first state is noise mixed with the data, not noise alone
  /// (N, T, 1): where it is 0 the state is the data with the noise of each time, where it is 1 the
  /// solver's, mixed in between; undefined: the solver's everywhere.
  at::Tensor mask = {};
};

/// Integrates once to t = 1, a step at a time, so that a caller may report progress or stop in
/// between. The state stays float32.
class Integration {
 public:
  /// `noise` (N, T, C) float32, the state at t = 0.
  Integration(VelocityModel model, const Labels& labels, Guidance guidance,
              std::unique_ptr<Solver> solver, at::Tensor noise, Source source = {});

  int64_t step() const { return solver_->step(); }  // steps done
  bool done() const { return solver_->done(); }
  const at::Tensor& state() const { return solver_->state(); }  // (N, T, C)
  /// How many steps it takes; 0 where that shows only at the end.
  int64_t steps() const { return solver_->steps(); }

  void advance();

  /// Returns the data to which the latest velocity points, (N, T, C): what the end may look like.
  /// After a step.
  at::Tensor predicted() const;

 private:
  at::Tensor velocity(const at::Tensor& x, const Times& t);
  /// Whether the model is asked in this step.
  bool is_due() const;
  /// What the last two evaluations say of a time behind them.
  at::Tensor extrapolated(float t) const;
  at::Tensor guided_velocity(const at::Tensor& x, const Times& t,
                             const std::vector<GuidanceWeights>& weights) const;
  /// The conditional velocity and the one that guides, computed together where that is possible.
  std::pair<at::Tensor, at::Tensor> both_velocities(const at::Tensor& x, const Times& t) const;
  at::Tensor guiding_velocity(const at::Tensor& x, const Times& t) const;

  at::Tensor keeping_source(const at::Tensor& x, const at::Tensor& source) const;
  /// Puts the source where the mask keeps it, in images that have moved since.
  void keep_source(const Times& before);

  struct Evaluation {
    at::Tensor x, velocity;
    Times t;
  };

  VelocityModel model_;
  Guidance guidance_;
  std::unique_ptr<Solver> solver_;
  at::Tensor noise_;  // of the source
  Source source_;
  Evaluation latest_;

  /// Which of the velocities a step uses: those of different steps are not mixed.
  struct Use {
    bool conditional = false, guiding = false;

    bool operator==(const Use&) const = default;
  };
  struct Answer {
    int64_t step;
    float t;
    at::Tensor velocity;  // (N, T, C)
  };

  Use use_;                      // in the last step
  std::vector<Answer> answers_;  // the model's last two under this use, where steps are left out
  at::Tensor labels_, null_labels_;  // (N)
  at::Tensor both_labels_;           // (2N)
};

}  // namespace svgen::diffusion
