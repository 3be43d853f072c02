// SPDX-License-Identifier: MIT
// Class folders and list files.
#include "svgen/image_list.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>

#include "svgen/error.h"

namespace svgen {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 11> kEndings = {
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".jp2"};

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

// The pictures below a folder, relative to `base`, sorted.
std::vector<std::string> pictures_below(const fs::path& folder, const fs::path& base) {
  std::vector<std::string> found;
  constexpr auto kFollow = fs::directory_options::follow_directory_symlink;
  for (auto it = fs::recursive_directory_iterator(folder, kFollow);
       it != fs::recursive_directory_iterator(); ++it) {
    if (is_hidden(it->path())) {
      if (it->is_directory()) it.disable_recursion_pending();
    } else if (is_picture_name(it->path()) && !it->is_directory()) {
      found.push_back(it->path().lexically_relative(base).string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

struct Line {
  std::string_view path;
  int64_t label = 0;
};

// "path label" or "path,label"; the path may contain spaces. False when it is neither.
bool parse_line(std::string_view text, Line& line) {
  constexpr std::string_view kSeparators = " \t,";
  const size_t space = text.find_last_of(kSeparators);
  if (space == std::string_view::npos) return false;
  const std::string_view label = text.substr(space + 1);
  const auto [end, status] = std::from_chars(label.data(), label.data() + label.size(), line.label);
  if (status != std::errc() || end != label.data() + label.size() || line.label < -1) return false;
  const size_t last = text.find_last_not_of(kSeparators, space);
  if (last == std::string_view::npos) return false;
  line.path = text.substr(0, last + 1);
  return true;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

bool is_picture_name(const fs::path& file) {
  std::string ending = file.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

ImageList ImageList::read(const fs::path& location) {
  std::error_code problem;
  ImageList list;
  try {
    if (fs::is_directory(location, problem)) {
      list.read_folder(location);
    } else {
      list.read_list(location);
    }
  } catch (const fs::filesystem_error& error) {
    throw IoError("a folder of the dataset cannot be read",
                  {"a readable folder", error.code().message(), error.path1().string()});
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
  std::ifstream stream(file);
  if (!stream) {
    throw IoError("the dataset cannot be opened: give a folder of class folders or a list file",
                  {"an existing folder or file", "nothing that opens", file.string()});
  }
  base_ = file.parent_path();
  std::string text;
  for (int64_t number = 1; std::getline(stream, text); ++number) {
    const std::string_view content = trimmed(text);
    if (content.empty() || content.front() == '#') continue;
    Line line;
    if (!parse_line(content, line)) {
      throw ConfigurationError(
          "a line of the list is not a path and a label: correct it",
          {"path label", std::string(content), file.string() + ":" + std::to_string(number)});
    }
    add(line.path, line.label);
  }
  if (size() == 0) {
    throw IoError("the list names no pictures", {"lines of path and label", "none", file.string()});
  }
}

void ImageList::read_folder(const fs::path& folder) {
  base_ = folder;
  std::vector<fs::path> folders;
  std::vector<std::string> loose;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_hidden(entry.path())) continue;
    if (entry.is_directory()) {
      folders.push_back(entry.path());
    } else if (is_picture_name(entry.path())) {
      loose.push_back(entry.path().filename().string());
    }
  }
  if (!folders.empty() && !loose.empty()) {
    throw ConfigurationError(
        "pictures lie beside class folders: move them into one, or name the pictures in a list",
        {"only class folders, or only pictures", loose.front(), folder.string()});
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& entry : folders) add_class(entry);
  std::sort(loose.begin(), loose.end());
  for (const std::string& name : loose) add(name, -1);
  if (size() == 0) {
    throw IoError("the folder has no pictures: give a folder of class folders or a list file",
                  {"pictures in class folders", "none", folder.string()});
  }
}

// An empty class would shift the labels of all that follow if it were left out.
void ImageList::add_class(const fs::path& folder) {
  const std::vector<std::string> pictures = pictures_below(folder, base_);
  if (pictures.empty()) {
    throw ConfigurationError(
        "a class folder has no pictures: remove it, or name the pictures in a list",
        {"pictures", "none", folder.string()});
  }
  const auto label = static_cast<int64_t>(classes_.size());
  classes_.push_back(folder.filename().string());
  for (const std::string& picture : pictures) add(picture, label);
}

}  // namespace svgen
