// SPDX-License-Identifier: MIT
// The files and labels of a dataset of pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace svgen {

/// Paths lie back to back in one text: a million pictures take a hundred bytes each at most, most
/// of it the path.
class ImageList {
 public:
  /// A folder whose subfolders are the classes (ImageNet's layout): labels count the subfolders in
  /// byte order of their names, pictures are found at any depth and ordered by path. A folder with
  /// pictures and no subfolders is a dataset without labels (-1). Pictures are known by their
  /// ending in any case, or by their first bytes where the ending says nothing. A file is a list,
  /// one line "path label" per picture (list_file.h); relative paths start at its folder. Throws
  /// IoError when there is nothing to read and ConfigurationError when classes would be ambiguous.
  static ImageList read(const std::filesystem::path& location);

  int64_t size() const { return static_cast<int64_t>(labels_.size()); }
  std::filesystem::path path(int64_t item) const;
  int64_t label(int64_t item) const { return labels_[static_cast<size_t>(item)]; }

  /// Names of the class folders by label; empty for a list and a folder without classes.
  const std::vector<std::string>& classes() const { return classes_; }

  /// Counts the files of the folders that are pictures of a kind that is not read, by ending: "2
  /// .gif, 1 .heic"; empty when there are none.
  std::string left_out() const;

 private:
  void add(std::string_view path, int64_t label);

  void read_list(const std::filesystem::path& file);
  void read_folder(const std::filesystem::path& folder);
  void add_class(const std::filesystem::path& folder);

  std::filesystem::path base_;
  std::string text_;
  std::vector<uint64_t> ends_;  // of each path in text_
  std::vector<int64_t> labels_;
  std::vector<std::string> classes_;
  std::map<std::string, int64_t> left_out_;
};

/// True for the endings of pictures that are read, jpg, png, webp, tif and their like, in any case.
bool is_picture_name(const std::filesystem::path& file);

}  // namespace svgen
