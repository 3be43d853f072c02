// SPDX-License-Identifier: MIT
// Pictures and labels as ADM's evaluation writes them: "arr_0" and "arr_1".
#include "data/picture_array.h"

#include <algorithm>

#include "data/npz_file.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen {
namespace {

constexpr const char *kPictures = "arr_0", *kLabels = "arr_1";

std::string form_of(const NpzArray& array) {
  std::string text = printable(array.header.dtype) + " (";
  for (size_t i = 0; i < array.header.shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(array.header.shape[i]);
  return text + (array.entry.is_deflated ? "), compressed" : ")");
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& found) {
  throw IoError("the archive has no pictures that can be read: save them with numpy.savez",
                {.expected = "an array arr_0 of uint8 (N, height, width, 3), not compressed",
                 .found = found,
                 .where = file.string()});
}

const NpzArray* find(const std::vector<NpzArray>& arrays, const char* name) {
  const auto found = std::find_if(arrays.begin(), arrays.end(),
                                  [&](const NpzArray& array) { return array.name == name; });
  return found == arrays.end() ? nullptr : &*found;
}

// Whether `bytes` are those of the shape, of which no product may overflow.
bool fits(const std::vector<int64_t>& shape, uint64_t item, uint64_t bytes) {
  uint64_t expected = item;
  for (const int64_t size : shape)
    if (size < 1 || __builtin_mul_overflow(expected, static_cast<uint64_t>(size), &expected))
      return false;
  return expected == bytes;
}

bool is_little(const std::string& dtype, const char* kind) {
  return dtype == std::string("<") + kind || dtype == std::string("|") + kind;
}

}  // namespace

bool is_picture_array(const std::filesystem::path& file) {
  return ascii_lower(file.extension().string()) == ".npz";
}

PictureArray::PictureArray(const std::filesystem::path& path) : file_(MappedFile::open(path)) {
  if (!is_npz(*file_)) refuse(path, "another file");
  const std::vector<NpzArray> arrays = read_npz(file_);
  const NpzArray* pictures = find(arrays, kPictures);
  if (pictures == nullptr) refuse(path, arrays.size() == 1 ? "one other array" : "other arrays");
  const std::vector<int64_t>& shape = pictures->header.shape;
  if (!is_little(pictures->header.dtype, "u1") || shape.size() != 4 || shape[3] != 3 ||
      pictures->header.is_fortran_order || pictures->entry.is_deflated ||
      !fits(shape, 1, pictures->bytes()))
    refuse(path, form_of(*pictures));
  offset_ = pictures->offset();
  count_ = shape[0];
  height_ = shape[1];
  width_ = shape[2];
  const NpzArray* labels = find(arrays, kLabels);
  if (labels == nullptr) return;
  const int width = is_little(labels->header.dtype, "i8")   ? 8
                    : is_little(labels->header.dtype, "i4") ? 4
                                                            : 0;
  if (width == 0 || labels->entry.is_deflated || labels->header.shape != std::vector{count_} ||
      !fits(labels->header.shape, static_cast<uint64_t>(width), labels->bytes()))
    refuse(path, "labels arr_1 as " + form_of(*labels));
  for (int64_t i = 0; i < count_; ++i) {
    const uint64_t at = labels->offset() + static_cast<uint64_t>(i * width);
    const uint64_t value = file_->number(at, width, "a label");
    labels_.push_back(width == 8 ? static_cast<int64_t>(value)
                                 : static_cast<int64_t>(static_cast<int32_t>(value)));
  }
}

ImageView PictureArray::picture(int64_t item) const {
  const auto bytes = static_cast<uint64_t>(3 * height_ * width_);
  return packed_rgb(
      reinterpret_cast<const uint8_t*>(file_->data(offset_ + static_cast<uint64_t>(item) * bytes)),
      width_, height_);
}

}  // namespace svgen
