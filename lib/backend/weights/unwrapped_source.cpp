// SPDX-License-Identifier: MIT
// Dropping wrappers, part by part of a name.
#include "weights/unwrapped_source.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "svgen/error.h"
#include "weights/stored_tensor.h"

namespace svgen::weights {
namespace {

constexpr std::string_view kWrappers[] = {
    "module",                      // DataParallel, DistributedDataParallel, AveragedModel
    "_orig_mod",                   // torch.compile
    "_fsdp_wrapped_module",        // FullyShardedDataParallel
    "_fpw_module",                 // ... before torch 2.0
    "_checkpoint_wrapped_module",  // activation checkpointing
};

bool is_wrapper(std::string_view part) {
  return std::find(std::begin(kWrappers), std::end(kWrappers), part) != std::end(kWrappers);
}

class UnwrappedSource : public StateSource {
 public:
  explicit UnwrappedSource(std::shared_ptr<StateSource> source)
      : source_(std::move(source)), infos_(source_->tensors()) {
    for (TensorInfo& info : infos_) {
      std::string name = unwrapped_name(info.name);
      const auto [entry, is_new] = originals_.emplace(name, info.name);
      if (!is_new)
        throw WeightsError(
            "two tensors of the weights file have one name without their wrappers (module. and "
            "the like); save one of the two models",
            {.expected = "one tensor for " + name,
             .found = entry->second + " and " + info.name,
             .where = path().string()});
      info.name = std::move(name);
    }
  }
  const std::filesystem::path& path() const override { return source_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override {
    const auto original = originals_.find(name);
    return source_->read(original == originals_.end() ? name : original->second);
  }

 private:
  std::shared_ptr<StateSource> source_;
  std::vector<TensorInfo> infos_;
  std::unordered_map<std::string, std::string> originals_;  // by the name without wrappers
};

}  // namespace

std::string unwrapped_name(std::string_view name) {
  std::string rest;
  while (true) {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos) return rest.append(name);
    if (!is_wrapper(name.substr(0, dot))) rest += name.substr(0, dot + 1);
    name.remove_prefix(dot + 1);
  }
}

std::shared_ptr<StateSource> unwrapped(std::shared_ptr<StateSource> source) {
  const auto& infos = source->tensors();
  const bool plain = std::all_of(infos.begin(), infos.end(), [](const TensorInfo& info) {
    return unwrapped_name(info.name) == info.name;
  });
  if (plain) return source;
  return std::make_shared<UnwrappedSource>(std::move(source));
}

}  // namespace svgen::weights
