// SPDX-License-Identifier: MIT
// The conditionings of a whole schedule: they depend on the time and the class alone, so many
// steps' are one product, which reads a quarter of a diffusion transformer's weights once instead
// of every step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "diffusion/solver.h"
#include "models/network.h"

namespace svgen::diffusion {

class ConditioningTable {
 public:
  /// Serves forward passes most of which are at `times`, in this order, with labels out of
  /// `labels`, which may repeat. `model` must outlive the table.
  ConditioningTable(const models::Denoiser& model, std::vector<float> times,
                    const std::vector<int64_t>& labels);

  /// Returns the conditionings of times t (N) and labels y (N), as Denoiser::velocity() takes them.
  /// Computed at once where the images have different times, or one that is not in the schedule.
  at::Tensor at(const Times& t, const at::Tensor& y);

 private:
  void compute_from(size_t first);

  const models::Denoiser& model_;
  std::vector<float> times_;
  at::Tensor labels_;  // different ones, sorted, on the model's device
  // Holds a row for each label of times_[first_], [first_ + 1], ..., a part of a long schedule.
  at::Tensor rows_;
  size_t first_ = 0, count_ = 0;
};

}  // namespace svgen::diffusion
