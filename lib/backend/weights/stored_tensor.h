// SPDX-License-Identifier: MIT
// Tensors that lie in a mapped file, whatever container put them there.
#pragma once

#include <optional>
#include <unordered_map>

#include "data/mapped_file.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// Says where a tensor lies in its file. Its maker has checked that every element is in the file.
struct StoredTensor {
  TensorInfo info;
  std::vector<int64_t> strides;  // in elements, none negative
  uint64_t offset;               // of the first element, in bytes from the start of the file
};

/// The product of `shape`, or nothing when a size is negative or the product overflows.
std::optional<int64_t> count_elements(const std::vector<int64_t>& shape);

/// Strides of a contiguous tensor whose element count did not overflow.
std::vector<int64_t> contiguous_strides(const std::vector<int64_t>& shape);

/// Returns one past the largest element index a view reaches, 0 when it has no elements, nothing
/// when a size or stride is negative or the sum overflows.
std::optional<int64_t> view_extent(const std::vector<int64_t>& shape,
                                   const std::vector<int64_t>& strides);

/// "[1, 256, 384]".
std::string shape_text(const std::vector<int64_t>& shape);
/// "float32", "bfloat16", ...
std::string dtype_text(at::ScalarType dtype);

/// The source over a list of stored tensors. A tensor that is contiguous and aligned shares the
/// mapping, any other is copied.
class MappedSource : public StateSource {
 public:
  /// IoError when two tensors have one name.
  MappedSource(std::shared_ptr<const MappedFile> file, std::vector<StoredTensor> tensors);

  const std::filesystem::path& path() const override { return file_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override;

 private:
  std::shared_ptr<const MappedFile> file_;
  std::vector<StoredTensor> stored_;
  std::vector<TensorInfo> infos_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace svgen::weights
