// SPDX-License-Identifier: MIT
// Names a module's tensors: one `visit` per module lists them under the published names.
//
// A module is a plain struct with at::Tensor members and
//   void visit(const StateScope& state) { state("weight", weight, {out, in});
//   norm.visit(state.child("norm")); }
// Loading, saving, counting, casting and the optimisers all walk the same list, so the state dict
// is the published one by construction.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace svgen::nn {

enum class SlotKind {
  kParameter,  // trained; must be in a file
  kPackable,   // a parameter that is the weight of ops::linear or ops::conv2d and nothing else
  kBuffer,     // must be in a file, never trained
  kOptional,   // may be missing from a file and then stays undefined
};

inline bool is_trained(SlotKind kind) {
  return kind == SlotKind::kParameter || kind == SlotKind::kPackable;
}

struct StateSlot {
  std::string name;  // full, e.g. "blocks.3.attn.qkv.weight"
  at::Tensor& tensor;
  std::vector<int64_t> shape;
  SlotKind kind;
};

using StateVisitor = std::function<void(const StateSlot&)>;

class StateScope {
 public:
  explicit StateScope(const StateVisitor& visitor, std::string prefix = {})
      : visitor_(visitor), prefix_(std::move(prefix)) {}

  StateScope child(const std::string& name) const {
    return StateScope(visitor_, prefix_ + name + ".");
  }
  StateScope child(const std::string& name, size_t index) const {
    return child(name + "." + std::to_string(index));
  }

  void operator()(const std::string& name, at::Tensor& tensor, std::vector<int64_t> shape,
                  SlotKind kind = SlotKind::kParameter) const {
    visitor_({prefix_ + name, tensor, std::move(shape), kind});
  }

 private:
  const StateVisitor& visitor_;
  std::string prefix_;
};

template <typename Module>
void visit_state(Module& module, const StateVisitor& visitor) {
  module.visit(StateScope(visitor));
}

}  // namespace svgen::nn
