// SPDX-License-Identifier: MIT
// An Inception network with values by a formula, since the project does not have its weights.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "backend/nn/fill.h"
#include "models/inception/inception.h"

namespace svgen::test {

/// Fills all tensors but the optional ones, in the order of their names, as fill() does, but with
/// matrices scaled by 2^(1/2), since ReLU halves the variance.
inline models::Inception filled_inception() {
  models::Inception network;
  std::map<std::string, std::vector<int64_t>> shapes;
  nn::visit_state(network, [&](const nn::StateSlot& slot) {
    if (slot.kind != nn::SlotKind::kOptional) shapes[slot.name] = slot.shape;
  });
  std::map<std::string, at::Tensor> values;
  double phase = 0;
  for (const auto& [name, shape] : shapes) {
    const bool is_matrix = shape.size() > 1;
    const bool is_gain = !is_matrix && name.find("bias") == std::string::npos &&
                         name.find("mean") == std::string::npos;
    double fan_in = 1;
    for (size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
    values[name] =
        scatter(shape, phase += 0.61, is_matrix ? std::sqrt(6 / fan_in) : 0.1, is_gain ? 1 : 0);
  }
  nn::visit_state(network, [&](const nn::StateSlot& slot) {
    if (const auto found = values.find(slot.name); found != values.end())
      slot.tensor = found->second;
  });
  return network;
}

}  // namespace svgen::test
