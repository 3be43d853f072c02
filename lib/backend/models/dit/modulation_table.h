// SPDX-License-Identifier: MIT
// The modulations of a whole schedule: they depend on the time and the class alone, so many steps'
// are one product, which reads a quarter of the transformer's weights once instead of every step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "models/dit/dit.h"

namespace svgen::models {

class ModulationTable {
 public:
  /// For forward passes at `times`, most of them in this order, with labels out of `labels`, which
  /// may repeat. `model` must stay.
  ModulationTable(const Dit& model, std::vector<float> times, const std::vector<int64_t>& labels);

  /// Those of time t, one of `times`, and labels y (N), as Dit::velocity() takes them.
  at::Tensor at(float t, const at::Tensor& y);

 private:
  void compute_from(size_t first);

  const Dit& model_;
  std::vector<float> times_;
  at::Tensor labels_;  // different ones, sorted, on the model's device
  // Of times_[first_], [first_ + 1], ...: a row for each label. A part of a long schedule at once.
  at::Tensor rows_;
  size_t first_ = 0, count_ = 0;
};

}  // namespace svgen::models
