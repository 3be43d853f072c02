// SPDX-License-Identifier: MIT
// A weights file in memory: the tensors of a module, or only their shapes.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "nn/state.h"
#include "svgen/error.h"
#include "weights/state_source.h"

namespace svgen::test {

class ModuleSource : public weights::StateSource {
 public:
  /// Lists every slot of the module with the slot's shape, float32.
  template <typename Module>
  explicit ModuleSource(Module module) {
    const nn::StateVisitor collect = [&](const nn::StateSlot& slot) {
      infos_.push_back({slot.name, at::kFloat, slot.shape});
    };
    nn::visit_state(module, collect);
  }

  void erase(const std::string& name) {
    std::erase_if(
        infos_, [&](const weights::TensorInfo& info) { return info.name == name; });
  }
  void reshape(const std::string& name, std::vector<int64_t> shape) {
    for (weights::TensorInfo& info : infos_)
      if (info.name == name) info.shape = shape;
  }

  const std::filesystem::path& path() const override { return path_; }
  const std::vector<weights::TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override {
    throw WeightsError("this source has shapes only", {.where = name});
  }

 private:
  std::filesystem::path path_ = "in memory";
  std::vector<weights::TensorInfo> infos_;
};

/// Returns the keys in the headline of the ConfigurationError that `infer` throws; empty without
/// one.
template <typename Infer>
std::string rejected_keys(Infer infer) {
  try {
    infer();
  } catch (const ConfigurationError& error) {
    const std::string headline = error.what(), marker = "correct ";
    return headline.substr(headline.find(marker) + marker.size());
  }
  return "";
}

}  // namespace svgen::test
