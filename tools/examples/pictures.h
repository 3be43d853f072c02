// SPDX-License-Identifier: MIT
// Helpers of the C++ examples: classes by name, and views and files of OpenCV's pictures.
#pragma once

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <system_error>

#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/image.h"

namespace example {

/// Returns the class of the model with this name or number.
inline int64_t class_of(const svgen::Card& card, const std::string& word) {
  const auto name = std::find(card.classes.begin(), card.classes.end(), word);
  if (name != card.classes.end()) return name - card.classes.begin();
  int64_t number = -1;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (status == std::errc() && end == word.data() + word.size()) return number;  // checked later
  std::string names;
  for (const std::string& known : card.classes) names += (names.empty() ? "" : ", ") + known;
  throw svgen::ConfigurationError("the model has no class of this name",
                                  {.expected = names, .found = word});
}

/// Returns the library's view on a picture of OpenCV, whose pixels are blue, green, red.
inline svgen::MutableImageView mutable_view(cv::Mat& bgr) {
  uint8_t* data = bgr.data;
  return {bgr.cols, bgr.rows, {data + 2, data + 1, data}, static_cast<ptrdiff_t>(bgr.step), 3};
}

inline svgen::ImageView view(const cv::Mat& bgr) {
  const uint8_t* data = bgr.data;
  return {bgr.cols, bgr.rows, {data + 2, data + 1, data}, static_cast<ptrdiff_t>(bgr.step), 3};
}

/// Writes a file beside it and renames that: an older picture stays until the new one is complete.
inline void write_picture(const std::filesystem::path& file, const cv::Mat& bgr) {
  const std::filesystem::path beside =
      file.parent_path() / (".unfinished-" + file.filename().string());
  std::error_code problem;
  const bool written = cv::imwrite(beside.string(), bgr);
  if (written) std::filesystem::rename(beside, file, problem);
  if (written && !problem) return;
  std::filesystem::remove(beside, problem);
  throw svgen::IoError("cannot write the picture", {.where = file.string()});
}

/// Runs the body of main() and returns its exit status; prints an error in one line.
template <typename Body>
int run(Body body) {
  try {
    body();
    return 0;
  } catch (const svgen::Error& error) {
    std::cerr << error.report() << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 1;
}

}  // namespace example
