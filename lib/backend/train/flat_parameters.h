// SPDX-License-Identifier: MIT
// The float32 master copy of a model's parameters: one flat tensor for all values and one for all
// gradients, so that an optimizer, the average, a norm or an exchange between processes is one
// operation.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nn/state.h"

namespace svgen::train {

using Visit = std::function<void(const nn::StateScope&)>;
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// The tensors that `visit` lists and no optimizer trains, as far as they are there.
NamedTensors untrained(const Visit& visit);

/// The modules must outlive this and stay where they are: their slots are views of `values`.
class FlatParameters {
 public:
  /// Takes over the parameters that `visit` lists (buffers stay as they are), on `device`. All
  /// slots must be filled.
  FlatParameters(const Visit& visit, at::Device device);

  const at::Tensor& values() const { return values_; }        // (size) float32
  const at::Tensor& gradients() const { return gradients_; }  // (size) float32
  /// The master copies, in the order of `visit`: leaves of the graph of a step, whose gradients are
  /// views of gradients().
  const std::vector<at::Tensor>& leaves() const { return leaves_; }
  /// Returns the leaf of this name. ConfigurationError when there is none.
  const at::Tensor& leaf(const std::string& name) const;

  /// Gives the modules their parameters in the dtype of a step's computation: the masters
  /// themselves for float32, else copies through which gradients reach them.
  void bind(at::ScalarType dtype);
  /// Gives the modules other values without gradient: a flat tensor like values().
  void bind_values(const at::Tensor& flat, at::ScalarType dtype = at::kFloat);

  /// Views on a flat tensor like values(), by name.
  NamedTensors named(const at::Tensor& flat) const;

 private:
  struct Entry {
    std::string name;
    at::Tensor* slot;
    std::vector<int64_t> shape;
    int64_t offset = 0, size = 0;
  };
  at::Tensor view(const at::Tensor& flat, const Entry& entry) const;

  std::vector<Entry> entries_;
  at::Tensor values_, gradients_;
  std::vector<at::Tensor> leaves_;
};

}  // namespace svgen::train
