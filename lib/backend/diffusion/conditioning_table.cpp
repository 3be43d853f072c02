// SPDX-License-Identifier: MIT
// The conditionings of a whole schedule.
#include "diffusion/conditioning_table.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>

namespace svgen::diffusion {
namespace {

// Rows of a product: enough that its weights are read seldom, and few megabytes of results.
constexpr size_t kRowsAtOnce = 64;

at::Tensor different(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return at::tensor(values);
}

}  // namespace

ConditioningTable::ConditioningTable(const models::Denoiser& model, std::vector<float> times,
                                     const std::vector<int64_t>& labels)
    : model_(model), times_(std::move(times)), labels_(different(labels).to(model.device())) {}

void ConditioningTable::compute_from(size_t first) {
  const size_t labels = static_cast<size_t>(labels_.numel());
  first_ = first;
  count_ = std::min(std::max<size_t>(1, kRowsAtOnce / labels), times_.size() - first);
  std::vector<float> t;
  for (size_t i = first_; i < first_ + count_; ++i) t.insert(t.end(), labels, times_[i]);
  rows_ = model_.conditioning(at::tensor(t).to(labels_.device()),
                              labels_.repeat({static_cast<int64_t>(count_)}));
}

at::Tensor ConditioningTable::at(const Times& t, const at::Tensor& y) {
  const bool is_shared = std::all_of(t.begin(), t.end(), [&](float one) { return one == t[0]; });
  const auto found = is_shared ? std::find(times_.begin(), times_.end(), t[0]) : times_.end();
  if (found == times_.end()) return model_.conditioning(at::tensor(t).to(labels_.device()), y);
  const auto time = static_cast<size_t>(found - times_.begin());
  if (time < first_ || time >= first_ + count_) compute_from(time);
  // The lookup runs on the device itself, which is not waited for.
  const int64_t before = static_cast<int64_t>(time - first_) * labels_.numel();
  return rows_.index_select(0, at::searchsorted(labels_, y) + before);
}

}  // namespace svgen::diffusion
