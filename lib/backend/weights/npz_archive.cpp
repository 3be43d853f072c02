// SPDX-License-Identifier: MIT
// The arrays of an npz archive: views of the file where they are stored, copies where deflated.
#include "weights/npz_archive.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <map>
#include <optional>

#include "data/inflater.h"
#include "data/npz_file.h"
#include "svgen/text.h"
#include "weights/stored_tensor.h"

namespace svgen::weights {
namespace {

constexpr std::pair<const char*, at::ScalarType> kDtypes[] = {
    {"f8", at::kDouble},      {"f4", at::kFloat},  {"f2", at::kHalf}, {"i8", at::kLong},
    {"i4", at::kInt},         {"i2", at::kShort},  {"i1", at::kChar}, {"u8", at::kUInt64},
    {"u4", at::kUInt32},      {"u2", at::kUInt16}, {"u1", at::kByte}, {"b1", at::kBool},
    {"c8", at::kComplexFloat}};

// The dtype, or why there is none.
std::pair<std::optional<at::ScalarType>, std::string> dtype_of(const std::string& spelled) {
  const bool is_little = spelled.starts_with('<') || spelled.starts_with('|');
  for (const auto& [text, dtype] : kDtypes) {
    if (spelled.substr(spelled.empty() ? 0 : 1) != text) continue;
    if (is_little) return {dtype, {}};
    return {std::nullopt, "an array of big-endian numbers (" + printable(spelled) +
                              "): save it with .astype(\"<" + text + "\")"};
  }
  return {std::nullopt, "an array of something else than plain numbers (" + printable(spelled) +
                            "): save numbers alone"};
}

StoredTensor describe(const MappedFile& file, const NpzArray& array) {
  const std::vector<int64_t>& shape = array.header.shape;
  const auto [dtype, problem] = dtype_of(array.header.dtype);
  if (!dtype) return {{array.name, at::ScalarType::Undefined, {}, problem}, {}, 0};
  const auto count = count_elements(shape);
  uint64_t size = 0;
  if (!count ||
      __builtin_mul_overflow(static_cast<uint64_t>(*count), c10::elementSize(*dtype), &size))
    refuse_array(file, array.name, "a shape that memory can hold", shape_text(shape));
  if (array.bytes() != size)
    refuse_array(file, array.name,
                 std::to_string(size) + " bytes of " + dtype_text(*dtype) + " " + shape_text(shape),
                 std::to_string(array.bytes()) + " bytes");
  std::vector<int64_t> strides = contiguous_strides(shape);
  if (array.header.is_fortran_order) {
    strides = contiguous_strides({shape.rbegin(), shape.rend()});
    std::reverse(strides.begin(), strides.end());
  }
  return {{array.name, *dtype, shape, {}}, strides, array.offset()};
}

class NpzSource : public StateSource {
 public:
  explicit NpzSource(std::shared_ptr<const MappedFile> file);

  const std::filesystem::path& path() const override { return file_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override;

 private:
  struct Deflated {
    NpzArray array;
    StoredTensor tensor;
  };

  at::Tensor inflated(const Deflated& found) const;

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, Deflated> deflated_;
  std::unique_ptr<MappedSource> stored_;
  std::vector<TensorInfo> infos_;
};

NpzSource::NpzSource(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  std::vector<StoredTensor> stored;
  for (const NpzArray& array : read_npz(file_)) {
    StoredTensor tensor = describe(*file_, array);
    infos_.push_back(tensor.info);
    if (!array.entry.is_deflated)
      stored.push_back(std::move(tensor));
    else if (!deflated_.emplace(array.name, Deflated{array, std::move(tensor)}).second)
      refuse_array(*file_, array.name, "one array of each name", "two");
  }
  stored_ = std::make_unique<MappedSource>(file_, std::move(stored));
}

at::Tensor NpzSource::inflated(const Deflated& found) const {
  const TensorInfo& info = found.tensor.info;
  Inflater inflater(file_, found.array.entry, info.name);
  std::string header(found.array.header.size, '\0');
  inflater.read(header.data(), header.size());
  const at::Tensor values =
      at::empty({count_elements(info.shape).value()}, at::TensorOptions(info.dtype));
  inflater.read(static_cast<char*>(values.data_ptr()), values.nbytes());
  if (!inflater.is_at_end())
    refuse_array(*file_, info.name, std::to_string(found.array.entry.size) + " bytes", "more");
  return values.as_strided(info.shape, found.tensor.strides).contiguous();
}

at::Tensor NpzSource::read(const std::string& name) const {
  const auto found = deflated_.find(name);
  if (found == deflated_.end()) return stored_->read(name);
  require_readable(found->second.tensor.info, path());
  return inflated(found->second);
}

}  // namespace

std::shared_ptr<StateSource> open_npz_archive(std::shared_ptr<const MappedFile> file) {
  return std::make_shared<NpzSource>(std::move(file));
}

}  // namespace svgen::weights
