// SPDX-License-Identifier: MIT
// The modulations of a whole schedule.
#include "models/modulation_table.h"

#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>

namespace svgen::models {
namespace {

// Rows of a product: enough that its weights are read seldom, and few megabytes of results.
constexpr size_t kRowsAtOnce = 64;

template <typename T>
void keep_different(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

ModulationTable::ModulationTable(const Dit& model, std::vector<float> times,
                                 const std::vector<int64_t>& labels)
    : model_(model), times_(std::move(times)), labels_(labels) {
  keep_different(labels_);
}

void ModulationTable::compute_from(size_t first) {
  first_ = first;
  count_ = std::min(std::max<size_t>(1, kRowsAtOnce / labels_.size()), times_.size() - first);
  std::vector<float> t;
  std::vector<int64_t> y;
  for (size_t i = first_; i < first_ + count_; ++i) {
    t.insert(t.end(), labels_.size(), times_[i]);
    y.insert(y.end(), labels_.begin(), labels_.end());
  }
  const at::Device device = model_.pos_embed.device();
  rows_ = model_.modulations(model_.condition(at::tensor(t).to(device), at::tensor(y).to(device)));
}

DitModulations ModulationTable::at(float t, const at::Tensor& y) {
  const auto found = std::find(times_.begin(), times_.end(), t);
  const size_t time = static_cast<size_t>(found - times_.begin());
  TORCH_INTERNAL_ASSERT(found != times_.end());
  if (time < first_ || time >= first_ + count_) compute_from(time);
  std::vector<int64_t> wanted;
  const at::Tensor host = y.cpu();
  for (int64_t n = 0; n < host.numel(); ++n) {
    const auto label = std::lower_bound(labels_.begin(), labels_.end(), host[n].item<int64_t>());
    wanted.push_back(static_cast<int64_t>((time - first_) * labels_.size() +
                                          static_cast<size_t>(label - labels_.begin())));
  }
  const at::Tensor rows = at::tensor(wanted).to(y.device());
  const auto chosen = [&](const std::vector<at::Tensor>& parts) {
    std::vector<at::Tensor> result;
    for (const at::Tensor& part : parts) result.push_back(part.index_select(0, rows));
    return result;
  };
  DitModulations m;
  for (const auto& parts : rows_.blocks) m.blocks.push_back(chosen(parts));
  m.last = chosen(rows_.last);
  return m;
}

}  // namespace svgen::models
