// SPDX-License-Identifier: MIT
// Class folders and list files.
#include "data/image_list.h"

#include <algorithm>
#include <fstream>

#include "data/list_file.h"
#include "media/picture_facts.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen {
namespace fs = std::filesystem;
namespace {

// Endings in small letters. A file of another ending is known by its first bytes.
constexpr std::string_view kPictures[] = {".jpg",  ".jpeg", ".jpe",  ".jfif", ".jif", ".pjpeg",
                                          ".png",  ".apng", ".webp", ".bmp",  ".dib", ".tif",
                                          ".tiff", ".ppm",  ".pgm",  ".pbm",  ".pnm", ".jp2"};
// The kinds of pictures that are not read and have no bytes of their own at the beginning.
constexpr std::string_view kUnread[] = {".svg", ".tga", ".dng", ".cr2", ".nef", ".arw", ".raf"};
// The kinds of files that often lie beside pictures, one for each: not worth opening.
constexpr std::string_view kNoPictures[] = {".txt", ".json", ".jsonl", ".xml",  ".csv", ".tsv",
                                            ".md",  ".npy",  ".npz",   ".yaml", ".py",  ".html"};

template <size_t kCount>
bool is_in(const std::string_view (&list)[kCount], const std::string& ending) {
  return std::find(std::begin(list), std::end(list), ending) != std::end(list);
}

enum class Kind { kPicture, kLeftOut, kOther };

std::vector<uint8_t> first_bytes(const fs::path& file) {
  std::vector<uint8_t> bytes(64);
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(stream.gcount()));
  return bytes;
}

std::string ending_of(const fs::path& file) {
  return ascii_lower(file.extension().string());
}

Kind kind_of(const fs::path& file) {
  const std::string ending = ending_of(file);
  if (is_in(kPictures, ending)) return Kind::kPicture;
  if (is_in(kUnread, ending)) return Kind::kLeftOut;
  std::error_code problem;
  if (is_in(kNoPictures, ending) || !fs::is_regular_file(file, problem)) return Kind::kOther;
  const PictureFacts facts = picture_facts(first_bytes(file));
  if (facts.is_read) return Kind::kPicture;
  return facts.format.empty() ? Kind::kOther : Kind::kLeftOut;
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

// A file that looks like a picture of a kind that is not read counts as left out.
bool is_taken(const fs::path& file, std::map<std::string, int64_t>& left_out) {
  const Kind kind = kind_of(file);
  if (kind == Kind::kLeftOut) {
    const std::string ending = ending_of(file);
    ++left_out[ending.empty() ? "no ending" : ending];
  }
  return kind == Kind::kPicture;
}

// The pictures below a folder, relative to `base`, sorted.
std::vector<std::string> pictures_below(const fs::path& folder, const fs::path& base,
                                        std::map<std::string, int64_t>& left_out) {
  std::vector<std::string> found;
  constexpr auto kFollow = fs::directory_options::follow_directory_symlink;
  for (auto it = fs::recursive_directory_iterator(folder, kFollow);
       it != fs::recursive_directory_iterator(); ++it) {
    if (is_hidden(it->path())) {
      if (it->is_directory()) it.disable_recursion_pending();
    } else if (!it->is_directory() && is_taken(it->path(), left_out)) {
      found.push_back(it->path().lexically_relative(base).string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string found_instead(const std::string& left_out) {
  return left_out.empty() ? "none" : "none that is read: " + left_out;
}

}  // namespace

bool is_picture_name(const fs::path& file) {
  return is_in(kPictures, ending_of(file));
}

ImageList ImageList::read(const fs::path& location) {
  std::error_code problem;
  ImageList list;
  try {
    if (fs::is_directory(location, problem))
      list.read_folder(location);
    else
      list.read_list(location);
  } catch (const fs::filesystem_error& error) {
    throw IoError("a folder of the dataset cannot be read", {.expected = "a readable folder",
                                                             .found = error.code().message(),
                                                             .where = error.path1().string()});
  }
  return list;
}

fs::path ImageList::path(int64_t item) const {
  const auto i = static_cast<size_t>(item);
  const uint64_t first = i == 0 ? 0 : ends_[i - 1];
  return base_ / text_.substr(first, ends_[i] - first);
}

void ImageList::add(std::string_view path, int64_t label) {
  text_ += path;
  ends_.push_back(text_.size());
  labels_.push_back(label);
}

void ImageList::read_list(const fs::path& file) {
  base_ = file.parent_path();
  read_list_file(file, [this](std::string_view path, int64_t label) { add(path, label); });
  if (size() == 0) {
    throw IoError("the list names no pictures",
                  {.expected = "lines of path and label", .found = "none", .where = file.string()});
  }
}

std::string ImageList::left_out() const {
  return joined(
      left_out_, ", ",
      [](const auto& kind) { return std::to_string(kind.second) + " " + kind.first; });
}

void ImageList::read_folder(const fs::path& folder) {
  base_ = folder;
  std::vector<fs::path> folders;
  std::vector<std::string> loose;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_hidden(entry.path())) continue;
    if (entry.is_directory())
      folders.push_back(entry.path());
    else if (is_taken(entry.path(), left_out_))
      loose.push_back(entry.path().filename().string());
  }
  if (!folders.empty() && !loose.empty()) {
    throw ConfigurationError(
        "pictures lie beside class folders: move them into one, or name the pictures in a list",
        {.expected = "only class folders, or only pictures",
         .found = loose.front(),
         .where = folder.string()});
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& entry : folders) add_class(entry);
  std::sort(loose.begin(), loose.end());
  for (const std::string& name : loose) add(name, -1);
  if (size() == 0) {
    throw IoError("the folder has no pictures: give a folder of class folders or a list file",
                  {.expected = "pictures in class folders",
                   .found = found_instead(left_out()),
                   .where = folder.string()});
  }
}

// An empty class would shift the labels of all that follow if it were left out.
void ImageList::add_class(const fs::path& folder) {
  const std::vector<std::string> pictures = pictures_below(folder, base_, left_out_);
  if (pictures.empty()) {
    throw ConfigurationError(
        "a class folder has no pictures: remove it, or name the pictures in a list",
        {.expected = "pictures", .found = found_instead(left_out()), .where = folder.string()});
  }
  const auto label = static_cast<int64_t>(classes_.size());
  classes_.push_back(folder.filename().string());
  for (const std::string& picture : pictures) add(picture, label);
}

}  // namespace svgen
