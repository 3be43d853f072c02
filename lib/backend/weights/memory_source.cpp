// SPDX-License-Identifier: MIT
// Tensors in memory, read like those of a file.
#include "weights/memory_source.h"

#include "svgen/error.h"

namespace svgen::weights {
namespace {

class MemorySource : public StateSource {
 public:
  MemorySource(std::filesystem::path path, std::vector<std::pair<std::string, at::Tensor>> tensors)
      : path_(std::move(path)), values_(std::move(tensors)) {
    for (const auto& [name, tensor] : values_)
      tensors_.push_back({name, tensor.scalar_type(), tensor.sizes().vec()});
  }

  const std::filesystem::path& path() const override { return path_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  at::Tensor read(const std::string& name) const override {
    for (const auto& [stored, tensor] : values_)
      if (stored == name) return tensor.to(at::kCPU).contiguous();
    throw WeightsError("there is no tensor of this name",
                       {.expected = name, .found = "none", .where = path_.string()});
  }

 private:
  std::filesystem::path path_;
  std::vector<std::pair<std::string, at::Tensor>> values_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace

std::shared_ptr<StateSource> memory_source(
    std::filesystem::path path, std::vector<std::pair<std::string, at::Tensor>> tensors) {
  return std::make_shared<MemorySource>(std::move(path), std::move(tensors));
}

}  // namespace svgen::weights
