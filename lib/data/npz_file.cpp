// SPDX-License-Identifier: MIT
// Headers of arrays, stored or deflated.
#include "data/npz_file.h"

#include <algorithm>
#include <optional>

#include "data/inflater.h"
#include "svgen/text.h"

namespace svgen {
namespace {

constexpr std::string_view kSuffix = ".npy";
// Deflate packs no better than this.
constexpr uint64_t kBestRatio = 1032;

std::string header_of(const std::shared_ptr<const MappedFile>& file, const std::string& name,
                      const ZipEntry& entry) {
  std::optional<Inflater> inflater;
  if (entry.is_deflated) inflater.emplace(file, entry, name);
  uint64_t at = 0;
  std::string header;
  const auto extend_to = [&](uint64_t size) {
    if (size > entry.size)
      refuse_array(*file, name, "the start of a file of numpy.save",
                   std::to_string(entry.size) + " bytes");
    header.resize(size);
    if (inflater)
      inflater->read(header.data() + at, size - at);
    else
      header = file->slice(entry.offset, size, name);
    at = size;
  };
  extend_to(kNpyStart);
  const auto size = npy_header_size(header);
  if (!size) refuse_array(*file, name, "the start of a file of numpy.save", "something else");
  extend_to(*size);
  return header;
}

}  // namespace

void refuse_array(const MappedFile& file, const std::string& name, const std::string& expected,
                  const std::string& found) {
  refuse_file(file.path(), "an array of the archive is damaged; fetch the archive again",
              expected + " for " + name, found);
}

bool is_npz(const MappedFile& file) {
  if (!is_zip(file)) return false;
  const std::vector<std::string> names = zip_names(file);
  return !names.empty() && std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name.ends_with(kSuffix);
  });
}

std::vector<NpzArray> read_npz(const std::shared_ptr<const MappedFile>& file) {
  std::vector<NpzArray> arrays;
  for (const auto& [member, entry] : read_zip_directory(*file, ZipForm::kStoredOrDeflated)) {
    const std::string name = printable(member.substr(0, member.size() - kSuffix.size()));
    if (entry.is_deflated && entry.size / kBestRatio > entry.packed)
      refuse_array(*file, name,
                   "at most " + std::to_string(entry.packed * kBestRatio) + " bytes from " +
                       std::to_string(entry.packed),
                   std::to_string(entry.size));
    const auto header = read_npy_header(header_of(file, name, entry));
    if (!header)
      refuse_array(*file, name, "descr, fortran_order and shape in the header", "something else");
    arrays.push_back({name, *header, entry});
  }
  return arrays;
}

}  // namespace svgen
