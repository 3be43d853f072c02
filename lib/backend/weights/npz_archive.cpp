// SPDX-License-Identifier: MIT
// The arrays of an npz archive: views of the file where they are stored, copies where deflated.
#include "weights/npz_archive.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <map>
#include <optional>

#include "svgen/text.h"
#include "weights/inflater.h"
#include "weights/npy_header.h"
#include "weights/stored_tensor.h"
#include "weights/zip_directory.h"

namespace svgen::weights {
namespace {

constexpr std::string_view kSuffix = ".npy";
// Deflate packs no better than this.
constexpr uint64_t kBestRatio = 1032;

constexpr std::pair<const char*, at::ScalarType> kDtypes[] = {
    {"f8", at::kDouble},      {"f4", at::kFloat},  {"f2", at::kHalf}, {"i8", at::kLong},
    {"i4", at::kInt},         {"i2", at::kShort},  {"i1", at::kChar}, {"u8", at::kUInt64},
    {"u4", at::kUInt32},      {"u2", at::kUInt16}, {"u1", at::kByte}, {"b1", at::kBool},
    {"c8", at::kComplexFloat}};

struct Array {
  StoredTensor tensor;  // its offset is that of a stored one
  ZipEntry entry;
  uint64_t header = 0;  // bytes
};

[[noreturn]] void refuse_array(const MappedFile& file, const std::string& name,
                               const std::string& expected, const std::string& found) {
  refuse_file(file.path(), "an array of the archive is damaged; fetch the archive again",
              expected + " for " + name, found);
}

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

class NpzSource : public StateSource {
 public:
  explicit NpzSource(std::shared_ptr<const MappedFile> file);

  const std::filesystem::path& path() const override { return file_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override;

 private:
  Array describe(const std::string& name, const ZipEntry& entry) const;
  std::string header_of(const std::string& name, const ZipEntry& entry) const;
  at::Tensor inflated(const Array& array) const;

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, Array> deflated_;
  std::unique_ptr<MappedSource> stored_;
  std::vector<TensorInfo> infos_;
};

NpzSource::NpzSource(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  std::vector<StoredTensor> stored;
  for (const auto& [member, entry] : read_zip_directory(*file_, ZipForm::kStoredOrDeflated)) {
    const std::string name = printable(member.substr(0, member.size() - kSuffix.size()));
    Array array = describe(name, entry);
    infos_.push_back(array.tensor.info);
    if (!entry.is_deflated)
      stored.push_back(std::move(array.tensor));
    else if (!deflated_.emplace(name, std::move(array)).second)
      refuse_array(*file_, name, "one array of each name", "two");
  }
  stored_ = std::make_unique<MappedSource>(file_, std::move(stored));
}

std::string NpzSource::header_of(const std::string& name, const ZipEntry& entry) const {
  std::optional<Inflater> inflater;
  if (entry.is_deflated) inflater.emplace(file_, entry, name);
  uint64_t at = 0;
  std::string header;
  const auto extend_to = [&](uint64_t size) {
    if (size > entry.size)
      refuse_array(*file_, name, "the start of a file of numpy.save",
                   std::to_string(entry.size) + " bytes");
    header.resize(size);
    if (inflater)
      inflater->read(header.data() + at, size - at);
    else
      header = file_->slice(entry.offset, size, name);
    at = size;
  };
  extend_to(kNpyStart);
  const auto size = npy_header_size(header);
  if (!size) refuse_array(*file_, name, "the start of a file of numpy.save", "something else");
  extend_to(*size);
  return header;
}

Array NpzSource::describe(const std::string& name, const ZipEntry& entry) const {
  const std::string bytes = header_of(name, entry);
  const auto header = read_npy_header(bytes);
  if (!header)
    refuse_array(*file_, name, "descr, fortran_order and shape in the header", "something else");
  const auto [dtype, problem] = dtype_of(header->dtype);
  if (!dtype) return {{{name, at::ScalarType::Undefined, {}, problem}, {}, 0}, entry, 0};
  const auto count = count_elements(header->shape);
  uint64_t size = 0;
  if (!count ||
      __builtin_mul_overflow(static_cast<uint64_t>(*count), c10::elementSize(*dtype), &size))
    refuse_array(*file_, name, "a shape that memory can hold", shape_text(header->shape));
  if (entry.size - header->size != size)
    refuse_array(
        *file_, name,
        std::to_string(size) + " bytes of " + dtype_text(*dtype) + " " + shape_text(header->shape),
        std::to_string(entry.size - header->size) + " bytes");
  if (entry.is_deflated && entry.size / kBestRatio > entry.packed)
    refuse_array(*file_, name,
                 "at most " + std::to_string(entry.packed * kBestRatio) + " bytes from " +
                     std::to_string(entry.packed),
                 std::to_string(entry.size));
  std::vector<int64_t> strides = contiguous_strides(header->shape);
  if (header->is_fortran_order) {
    std::vector<int64_t> reversed(header->shape.rbegin(), header->shape.rend());
    strides = contiguous_strides(reversed);
    std::reverse(strides.begin(), strides.end());
  }
  return {{{name, *dtype, header->shape, {}}, strides, entry.offset + header->size},
          entry,
          header->size};
}

at::Tensor NpzSource::inflated(const Array& array) const {
  const StoredTensor& stored = array.tensor;
  Inflater inflater(file_, array.entry, stored.info.name);
  std::string header(array.header, '\0');
  inflater.read(header.data(), header.size());
  const at::Tensor values =
      at::empty({count_elements(stored.info.shape).value()}, at::TensorOptions(stored.info.dtype));
  inflater.read(static_cast<char*>(values.data_ptr()), values.nbytes());
  if (!inflater.is_at_end())
    refuse_array(*file_, stored.info.name, std::to_string(array.entry.size) + " bytes", "more");
  return values.as_strided(stored.info.shape, stored.strides).contiguous();
}

at::Tensor NpzSource::read(const std::string& name) const {
  const auto found = deflated_.find(name);
  if (found == deflated_.end()) return stored_->read(name);
  require_readable(found->second.tensor.info, path());
  return inflated(found->second);
}

}  // namespace

bool is_npz_archive(const MappedFile& file) {
  if (!is_zip(file)) return false;
  const std::vector<std::string> names = zip_names(file);
  return !names.empty() && std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name.ends_with(kSuffix);
  });
}

std::shared_ptr<StateSource> open_npz_archive(std::shared_ptr<const MappedFile> file) {
  return std::make_shared<NpzSource>(std::move(file));
}

}  // namespace svgen::weights
