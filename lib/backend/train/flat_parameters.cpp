// SPDX-License-Identifier: MIT
// The flat master copy of parameters and gradients.
#include "train/flat_parameters.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "svgen/error.h"

namespace svgen::train {
namespace {

// Floats in a cache line: parameters start at multiples of it, since matrix products round
// differently elsewhere. What lies between stays 0 and so changes no norm.
constexpr int64_t kAlignment = 16;

}  // namespace

NamedTensors untrained(const Visit& visit) {
  NamedTensors found;
  const nn::StateVisitor collect = [&](const nn::StateSlot& slot) {
    if (!is_trained(slot.kind) && slot.tensor.defined()) found.emplace_back(slot.name, slot.tensor);
  };
  visit(nn::StateScope(collect));
  return found;
}

FlatParameters::FlatParameters(const Visit& visit, at::Device device) {
  int64_t offset = 0;
  const nn::StateVisitor collect = [&](const nn::StateSlot& slot) {
    if (!nn::is_trained(slot.kind)) {
      if (slot.tensor.defined()) slot.tensor = slot.tensor.to(device);
      return;
    }
    const int64_t size = slot.tensor.numel();
    entries_.push_back({slot.name, &slot.tensor, slot.shape, offset, size});
    offset += (size + kAlignment - 1) / kAlignment * kAlignment;
  };
  visit(nn::StateScope(collect));
  values_ = at::zeros({offset}, at::device(device).dtype(at::kFloat));
  gradients_ = at::zeros_like(values_);
  for (const Entry& entry : entries_) {
    at::Tensor leaf = view(values_, entry).detach();
    leaf.copy_(*entry.slot);
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = view(gradients_, entry);
    leaves_.push_back(leaf);
    *entry.slot = leaf;
  }
}

at::Tensor FlatParameters::view(const at::Tensor& flat, const Entry& entry) const {
  return flat.narrow(0, entry.offset, entry.size).view(entry.shape);
}

const at::Tensor& FlatParameters::leaf(const std::string& name) const {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].name == name) return leaves_[i];
  throw ConfigurationError("no trained parameter has this name",
                           {.found = name, .where = "parameters"});
}

void FlatParameters::bind(at::ScalarType dtype) {
  for (size_t i = 0; i < entries_.size(); ++i) *entries_[i].slot = leaves_[i].to(dtype);
}

void FlatParameters::bind_values(const at::Tensor& flat, at::ScalarType dtype) {
  for (const Entry& entry : entries_) *entry.slot = view(flat, entry).detach().to(dtype);
}

NamedTensors FlatParameters::named(const at::Tensor& flat) const {
  NamedTensors tensors;
  for (const Entry& entry : entries_) tensors.emplace_back(entry.name, view(flat, entry));
  return tensors;
}

}  // namespace svgen::train
