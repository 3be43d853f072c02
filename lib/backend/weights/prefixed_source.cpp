// SPDX-License-Identifier: MIT
// The part of a file below a prefix.
#include "weights/prefixed_source.h"

#include <utility>

namespace svgen::weights {
namespace {

class PrefixedSource : public StateSource {
 public:
  PrefixedSource(std::shared_ptr<const StateSource> source, const std::string& prefix)
      : source_(std::move(source)), prefix_(prefix) {
    for (const TensorInfo& info : source_->tensors()) {
      if (!info.name.starts_with(prefix)) continue;
      tensors_.push_back(info);
      tensors_.back().name.erase(0, prefix.size());
    }
  }

  const std::filesystem::path& path() const override { return source_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  at::Tensor read(const std::string& name) const override { return source_->read(prefix_ + name); }
  std::string surplus_reason(const std::string& name) const override {
    return source_->surplus_reason(prefix_ + name);
  }

 private:
  std::shared_ptr<const StateSource> source_;
  std::string prefix_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace

std::shared_ptr<StateSource> prefixed_source(std::shared_ptr<const StateSource> source,
                                             const std::string& prefix) {
  return std::make_shared<PrefixedSource>(std::move(source), prefix);
}

}  // namespace svgen::weights
