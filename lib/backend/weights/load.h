// SPDX-License-Identifier: MIT
// Filling a module from a file, reporting everything that does not fit at once.
#pragma once

#include "nn/state.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// Walks the module's state and assigns every slot from `source`, floating tensors widened or cast
/// to `dtype`, integers as they are, which only buffers may be. Throws one WeightsError listing by
/// tensor name all that is missing, unexpected, of another shape or of another kind of numbers, or
/// else all that holds values which are not finite in `dtype`. Returns the bytes now held.
int64_t load_state(const std::function<void(const nn::StateScope&)>& visit,
                   const StateSource& source, at::ScalarType dtype);

template <typename Module>
int64_t load_module(Module& module, const StateSource& source, at::ScalarType dtype = at::kFloat) {
  return load_state([&](const nn::StateScope& state) { module.visit(state); }, source, dtype);
}

}  // namespace svgen::weights
