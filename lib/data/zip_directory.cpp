// SPDX-License-Identifier: MIT
// Zip from the end: end record, central directory, then each file's own header.
#include "data/zip_directory.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace svgen {
namespace {

constexpr uint64_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEndRecord = 0x06054b50;
constexpr uint64_t kEnd64Locator = 0x07064b50, kEnd64Record = 0x06064b50;
constexpr uint64_t kEndSize = 22, kLocatorSize = 20, kCentralSize = 46, kLocalSize = 30;
constexpr uint64_t kMaxComment = 0xffff;
constexpr uint64_t kSee64 = 0xffffffff;  // "the true value is in the zip64 part"
constexpr uint64_t kMaxFiles = 1u << 20;
constexpr uint64_t kStored = 0, kDeflated = 8, kEncrypted = 1;  // methods; a flag

struct Directory {
  uint64_t offset, size, files;
};

[[noreturn]] void refuse_zip(const MappedFile& file, const std::string& expected,
                             const std::string& found) {
  refuse_file(file.path(), "the archive is damaged or of an unknown kind; fetch it again", expected,
              found);
}

uint64_t find_end_record(const MappedFile& file) {
  // The record is followed by a comment of any length up to kMaxComment.
  if (file.size() >= kEndSize) {
    const uint64_t last = file.size() - kEndSize;
    for (uint64_t back = 0; back <= std::min(last, kMaxComment); ++back) {
      const uint64_t at = last - back;
      if (file.number(at, 4, "the end record") == kEndRecord &&
          file.number(at + 20, 2, "its comment") == back)
        return at;
    }
  }
  refuse_zip(file, "the list of files that ends a zip archive",
             "none: the file is cut off (" + std::to_string(file.size()) + " bytes)");
}

Directory find_directory(const MappedFile& file) {
  const uint64_t end = find_end_record(file);
  Directory directory = {file.number(end + 16, 4, "the directory's offset"),
                         file.number(end + 12, 4, "the directory's size"),
                         file.number(end + 10, 2, "the number of files")};
  if (end >= kLocatorSize && file.number(end - kLocatorSize, 4, "a locator") == kEnd64Locator) {
    const uint64_t record = file.number(end - kLocatorSize + 8, 8, "the zip64 record's offset");
    if (file.slice(record, 56, "the zip64 end record"),
        file.number(record, 4, "the zip64 end record") != kEnd64Record)
      refuse_zip(file, "a zip64 end record at byte " + std::to_string(record), "something else");
    directory = {file.number(record + 48, 8, "the directory's offset"),
                 file.number(record + 40, 8, "the directory's size"),
                 file.number(record + 32, 8, "the number of files")};
  }
  if (directory.files > kMaxFiles)
    refuse_zip(file, "at most " + std::to_string(kMaxFiles) + " files in the archive",
               std::to_string(directory.files));
  file.slice(directory.offset, directory.size, "the list of files");
  return directory;
}

// The zip64 extra field holds, in this order, only those values whose short form says kSee64.
void read_extra64(const MappedFile& file, uint64_t at, uint64_t length,
                  std::initializer_list<uint64_t*> values) {
  for (const uint64_t end = at + length; end - at >= 4;) {
    const uint64_t kind = file.number(at, 2, "an extra field");
    const uint64_t size = file.number(at + 2, 2, "an extra field");
    at += 4;
    if (size > end - at) break;
    if (kind != 1) {
      at += size;
      continue;
    }
    uint64_t used = 0;
    for (uint64_t* value : values) {
      if (*value != kSee64) continue;
      if (used + 8 > size) refuse_zip(file, "64-bit sizes in the list of files", "fewer of them");
      *value = file.number(at + used, 8, "a 64-bit size");
      used += 8;
    }
    return;
  }
}

struct CentralEntry {
  std::string name;
  uint64_t flags, method, packed, size, local;
  uint64_t next;  // offset of the following entry
};

CentralEntry read_central(const MappedFile& file, uint64_t at, uint64_t end) {
  const auto number = [&](uint64_t offset, int width) {
    return file.number(at + offset, width, "an entry of the list of files");
  };
  if (end - at < kCentralSize || number(0, 4) != kCentralHeader)
    refuse_zip(file, "an entry of the list of files at byte " + std::to_string(at),
               "something else");
  const uint64_t name = number(28, 2), extra = number(30, 2), comment = number(32, 2);
  const uint64_t length = kCentralSize + name + extra + comment;
  if (length > end - at) refuse_zip(file, "names inside the list of files", "a longer name");
  CentralEntry entry = {std::string(file.slice(at + kCentralSize, name, "a file's name")),
                        number(8, 2),
                        number(10, 2),
                        number(20, 4),
                        number(24, 4),
                        number(42, 4),
                        at + length};
  read_extra64(file, at + kCentralSize + name, extra, {&entry.size, &entry.packed, &entry.local});
  return entry;
}

ZipEntry locate(const MappedFile& file, const CentralEntry& entry, ZipForm form) {
  const std::string what = "the file " + entry.name + " of the archive";
  const bool is_deflated = form == ZipForm::kStoredOrDeflated && entry.method == kDeflated;
  const bool is_stored = entry.method == kStored && entry.packed == entry.size;
  if (!(is_stored || is_deflated) || (entry.flags & kEncrypted) != 0)
    refuse_file(file.path(),
                "the archive is compressed or encrypted; save it as torch.save or numpy.savez does",
                what + " stored as it is",
                "method " + std::to_string(entry.method) + ", " + std::to_string(entry.packed) +
                    " of " + std::to_string(entry.size) + " bytes");
  const std::string_view header = file.slice(entry.local, kLocalSize, what);
  if (file.number(entry.local, 4, what) != kLocalHeader)
    refuse_zip(file, what + " at byte " + std::to_string(entry.local), "something else");
  const uint64_t name = file.number(entry.local + 26, 2, what);
  const uint64_t offset =
      entry.local + header.size() + name + file.number(entry.local + 28, 2, what);
  if (file.slice(entry.local + kLocalSize, name, what) != entry.name)
    refuse_zip(file, what, "another name before its content");
  file.slice(offset, entry.packed, what);
  return {offset, entry.size, entry.packed, is_deflated};
}

void check_apart(const MappedFile& file,
                 const std::map<std::string, ZipEntry, std::less<>>& entries) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const auto& [name, entry] : entries) ranges.emplace_back(entry.offset, entry.packed);
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i - 1].first + ranges[i - 1].second > ranges[i].first)
      refuse_zip(file, "files that lie apart in the archive", "two that overlap");
}

}  // namespace

bool is_zip(const MappedFile& file) {
  return file.bytes().substr(0, 4) == std::string_view("PK\3\4");
}

std::vector<std::string> zip_names(const MappedFile& file) {
  const Directory directory = find_directory(file);
  const uint64_t end = directory.offset + directory.size;
  std::vector<std::string> names;
  uint64_t at = directory.offset;
  for (uint64_t i = 0; i < directory.files; ++i) {
    CentralEntry entry = read_central(file, at, end);
    at = entry.next;
    names.push_back(std::move(entry.name));
  }
  return names;
}

std::map<std::string, ZipEntry, std::less<>> read_zip_directory(const MappedFile& file,
                                                                ZipForm form) {
  const Directory directory = find_directory(file);
  std::map<std::string, ZipEntry, std::less<>> entries;
  const uint64_t end = directory.offset + directory.size;
  uint64_t at = directory.offset;
  for (uint64_t i = 0; i < directory.files; ++i) {
    const CentralEntry entry = read_central(file, at, end);
    at = entry.next;
    if (!entry.name.empty() && entry.name.back() == '/') continue;
    if (!entries.emplace(entry.name, locate(file, entry, form)).second)
      refuse_zip(file, "distinct names in the archive", "two files named " + entry.name);
  }
  check_apart(file, entries);
  return entries;
}

}  // namespace svgen
