// SPDX-License-Identifier: MIT
// The adaptive solver of Dormand and Prince (1980), order 5 with an embedded order 4.
#pragma once

#include <vector>

#include "diffusion/solver.h"

namespace svgen::diffusion {

/// Controls the error of each image by itself, so that an image does not depend on those beside it,
/// and ends exactly at t = 1. `is_published`: as torchdiffeq does instead, with one error for all
/// images, steps that go past t = 1 and a quartic through the last one. ConfigurationError after
/// kMostSteps trials.
class Dopri5Solver : public Solver {
 public:
  Dopri5Solver(const SamplingOptions& options, bool is_published, double start = 0);

  void begin(at::Tensor state) override;
  void advance(const VelocityField& velocity) override;
  void replace_state(at::Tensor state) override;
  bool done() const override;
  Times now() const override { return at(std::vector<double>(time_.size(), 0)); }

  static constexpr int64_t kMostSteps = 10000;

 private:
  struct Trial {
    std::vector<at::Tensor> slopes;  // 7
    at::Tensor y, error;
  };

  void choose_first_widths(const VelocityField& velocity);
  Trial trial(const VelocityField& velocity) const;
  /// The root mean square of x / (atol + rtol scale), of each image or of all.
  std::vector<double> norms(const at::Tensor& x, const at::Tensor& scale) const;
  at::Tensor past_end(const Trial& trial, double width) const;
  Times at(const std::vector<double>& shares) const;
  bool is_done(size_t image) const { return time_[image] >= 1; }

  SamplingOptions options_;
  bool is_published_;
  double start_;
  at::Tensor slope_;                  // at the state (N, T, C)
  std::vector<double> time_, width_;  // of each image
};

}  // namespace svgen::diffusion
