// SPDX-License-Identifier: MIT
// Turning byte ranges of a mapping into tensors.
#include "weights/stored_tensor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstring>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::weights {
namespace {

constexpr std::pair<at::ScalarType, const char*> kDtypeTexts[] = {
    {at::kFloat, "float32"},
    {at::kDouble, "float64"},
    {at::kHalf, "float16"},
    {at::kByte, "uint8"},
    {at::kChar, "int8"},
    {at::kShort, "int16"},
    {at::kInt, "int32"},
    {at::kLong, "int64"},
    {at::kComplexFloat, "complex64"},
    {at::kComplexHalf, "complex32"},
    {at::kComplexDouble, "complex128"},
};

}  // namespace

std::optional<int64_t> count_elements(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  bool none = false;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    none = none || size == 0;
    if (__builtin_mul_overflow(count, std::max<int64_t>(size, 1), &count)) return std::nullopt;
  }
  return none ? 0 : count;
}

std::vector<int64_t> contiguous_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(shape[i], 1);
  }
  return strides;
}

std::optional<int64_t> view_extent(const std::vector<int64_t>& shape,
                                   const std::vector<int64_t>& strides) {
  if (shape.size() != strides.size()) return std::nullopt;
  int64_t last = 0;
  bool none = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0 || strides[i] < 0) return std::nullopt;
    if (shape[i] == 0) {
      none = true;
      continue;
    }
    int64_t reach = 0;
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last))
      return std::nullopt;
  }
  if (none) return 0;
  if (__builtin_add_overflow(last, 1, &last)) return std::nullopt;
  return last;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

std::string dtype_text(at::ScalarType dtype) {
  for (const auto& [type, text] : kDtypeTexts)
    if (type == dtype) return text;
  return ascii_lower(c10::toString(dtype));  // what everyone says, but for the capitals
}

MappedSource::MappedSource(std::shared_ptr<const MappedFile> file,
                           std::vector<StoredTensor> tensors)
    : file_(std::move(file)), stored_(std::move(tensors)) {
  for (size_t i = 0; i < stored_.size(); ++i) {
    infos_.push_back(stored_[i].info);
    if (!index_.emplace(stored_[i].info.name, i).second)
      refuse_file(path(), "the weights file names a tensor twice; it is damaged or hand-made",
                  "one tensor of each name", "two named " + stored_[i].info.name);
  }
}

at::Tensor MappedSource::read(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end())
    throw WeightsError("the weights file lacks a tensor; check that it is the right file",
                       {.expected = name,
                        .found = std::to_string(infos_.size()) + " other tensors",
                        .where = path().string()});
  const StoredTensor& stored = stored_[found->second];
  require_readable(stored.info, path());
  const size_t item = c10::elementSize(stored.info.dtype);
  char* data = file_->data(stored.offset);
  const auto options = at::TensorOptions(stored.info.dtype);
  if (reinterpret_cast<uintptr_t>(data) % item == 0) {
    return at::from_blob(
               data, stored.info.shape, stored.strides,
               [keep = file_](void*) mutable { keep.reset(); }, options)
        .contiguous();
  }
  const int64_t extent = view_extent(stored.info.shape, stored.strides).value();
  at::Tensor copy = at::empty({extent}, options);
  if (extent > 0) std::memcpy(copy.data_ptr(), data, static_cast<size_t>(extent) * item);
  return copy.as_strided(stored.info.shape, stored.strides).contiguous();
}

}  // namespace svgen::weights
