// SPDX-License-Identifier: MIT
// Named tensors of a weights file, whatever its container; nothing in a file is executed.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace svgen::weights {

struct TensorInfo {
  std::string name;
  at::ScalarType dtype;
  std::vector<int64_t> shape;
  /// Says what keeps a tensor from being read, and what to do: "a sparse tensor (torch.sparse_coo):
  /// save it with .to_dense()". Empty for all that can be read; else dtype and shape say nothing.
  std::string unreadable = {};
};

/// Throws the WeightsError of a tensor that cannot be read.
void require_readable(const TensorInfo& info, const std::filesystem::path& path);

class StateSource {
 public:
  virtual ~StateSource() = default;

  virtual const std::filesystem::path& path() const = 0;
  /// Returns the tensors in file order, by reading headers only.
  virtual const std::vector<TensorInfo>& tensors() const = 0;
  /// The tensor in the file's dtype, contiguous, on the host. WeightsError when it is absent or
  /// unreadable.
  virtual at::Tensor read(const std::string& name) const = 0;
  /// Says why it is no mistake when a model has no place for this tensor ("used in pre-training
  /// only"); empty for all that a model must know.
  virtual std::string surplus_reason(const std::string& /*name*/) const { return {}; }

  /// The entry of tensors() with this name, or null.
  const TensorInfo* find(const std::string& name) const;
};

/// Opens safetensors, torch.save zip or legacy, or numpy.savez by content, or all files that an
/// index of shards names, and lists the tensors under flattened names without wrappers
/// (unwrapped_name). When the top level of a torch.save file holds a known key ("ema", "model",
/// "state_dict", ...), that dict is the state. IoError for a file that cannot be read or
/// understood.
std::shared_ptr<StateSource> open_weights(const std::filesystem::path& path);

}  // namespace svgen::weights
