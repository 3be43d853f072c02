// SPDX-License-Identifier: MIT
// Runs a network as a graph: recorded from the network at hand, and again when another takes its
// place.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/graphed_function.h"

namespace svgen::runtime {

template <typename Module>
class GraphedNetwork {
 public:
  using Function =
      std::function<at::Tensor(const Module& model, const std::vector<at::Tensor>& inputs)>;

  /// The function as runtime::GraphedFunction wants it.
  explicit GraphedNetwork(Function function) : function_(std::move(function)) {}

  /// The function of this model. It keeps the model alive.
  std::shared_ptr<runtime::GraphedFunction> of(const std::shared_ptr<const Module>& model) {
    const std::lock_guard lock(mutex_);
    if (model_ == model) return replay_;
    model_ = model;
    replay_ = std::make_shared<runtime::GraphedFunction>(
        [model, function = function_](const std::vector<at::Tensor>& inputs) {
          return function(*model, inputs);
        });
    return replay_;
  }

 private:
  Function function_;
  std::mutex mutex_;
  std::shared_ptr<const Module> model_;  // that replay_ was recorded from
  std::shared_ptr<runtime::GraphedFunction> replay_;
};

}  // namespace svgen::runtime
