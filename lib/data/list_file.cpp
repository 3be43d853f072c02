// SPDX-License-Identifier: MIT
// Records of a list, one by one.
#include "data/list_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBlank = " \t", kSeparators = " \t,", kEnds = "\r\n";
// The names of the column of labels in a header.
constexpr std::array<std::string_view, 9> kHeaders = {
    "label", "labels", "class", "classes", "class_id", "category", "target", "index", "id"};

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

class ListReader {
 public:
  ListReader(const fs::path& file, std::string text) : file_(file), text_(std::move(text)) {
    check_encoding();
  }

  void read(const std::function<void(std::string_view, int64_t)>& add) {
    while (at_ < text_.size()) {
      const int64_t line = line_;
      skip_blanks();
      if (rest().starts_with('#')) {
        take_line();
        continue;
      }
      const bool quoted = rest().starts_with('"');
      std::string path = quoted ? take_quoted(line) : "";
      const std::string_view whole = take_line();
      if (!quoted && trimmed(whole).empty()) continue;
      const std::string_view label =
          quoted ? behind_separator(line, path, whole) : without_path(line, trimmed(whole), path);
      take_entry(line, path, unquoted(label), add);
    }
  }

 private:
  std::string_view rest() const { return std::string_view(text_).substr(at_); }

  void check_encoding() {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    const std::string_view start = rest();
    if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) refuse_encoding("UTF-16");
    if (start.substr(0, 256).find('\0') != std::string_view::npos)
      refuse_encoding("bytes of value 0, as in UTF-16 and in files that are no text");
    if (start.starts_with(kMark)) at_ = kMark.size();
  }

  [[noreturn]] void refuse_encoding(const char* found) const {
    throw ConfigurationError("the list is not text in UTF-8: save it in that encoding",
                             {.expected = "UTF-8 text, a line \"path label\" for each picture",
                              .found = found,
                              .where = file_.string()});
  }

  [[noreturn]] void refuse(int64_t line, const std::string& found) const {
    throw ConfigurationError("a line of the list is not a path and a label: correct it",
                             {.expected = "path label, or \"path\",label",
                              .found = found,
                              .where = file_.string() + ":" + std::to_string(line)});
  }

  void skip_blanks() {
    while (at_ < text_.size() && kBlank.find(text_[at_]) != std::string_view::npos) ++at_;
  }

  // Takes the rest of the line, without its end.
  std::string_view take_line() {
    const std::string_view line = rest().substr(0, rest().find_first_of(kEnds));
    at_ += line.size();
    if (at_ < text_.size()) at_ += rest().starts_with("\r\n") ? 2 : 1;
    ++line_;
    return line;
  }

  // The text between quotes; behind it afterwards.
  std::string take_quoted(int64_t line) {
    std::string text;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') return text;
      }
      text += text_[at_];
    }
    refuse(line, "a quote without its end: \"" + text.substr(0, 80));
  }

  // The label behind a quoted path.
  std::string_view behind_separator(int64_t line, const std::string& path,
                                    std::string_view rest_of_line) const {
    const size_t label = rest_of_line.find_first_not_of(kSeparators);
    if (label == 0 || label == std::string_view::npos)
      refuse(line, '"' + path + '"' + std::string(rest_of_line));
    return trimmed(rest_of_line.substr(label));
  }

  // The label at the end of a line that begins with its path; that may have blanks in it.
  std::string_view without_path(int64_t line, std::string_view whole, std::string& path) const {
    const size_t separator = whole.find_last_of(kSeparators);
    const size_t last = whole.find_last_not_of(kSeparators, separator);
    if (separator == std::string_view::npos || last == std::string_view::npos)
      refuse(line, std::string(whole));
    path = whole.substr(0, last + 1);
    return whole.substr(separator + 1);
  }

  static std::string_view unquoted(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? text.substr(1, text.size() - 2) : text;
  }

  void take_entry(int64_t line, const std::string& path, std::string_view label,
                  const std::function<void(std::string_view, int64_t)>& add) {
    int64_t number = 0;
    const auto [end, status] = std::from_chars(label.data(), label.data() + label.size(), number);
    const bool fits = status == std::errc() && end == label.data() + label.size() && number >= -1;
    if (fits && !path.empty() && path.find('\0') == std::string::npos)
      add(path, number);
    else if (!is_first_ ||
             std::find(kHeaders.begin(), kHeaders.end(), ascii_lower(label)) == kHeaders.end())
      refuse(line, path + " " + std::string(label));
    is_first_ = false;
  }

  const fs::path& file_;
  std::string text_;
  size_t at_ = 0;
  int64_t line_ = 1;
  bool is_first_ = true;
};

}  // namespace

void read_list_file(const fs::path& file,
                    const std::function<void(std::string_view, int64_t)>& add) {
  std::error_code ignored;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || fs::is_directory(file, ignored)) {
    throw IoError("the dataset cannot be opened: give a folder of class folders or a list file",
                  {.expected = "an existing folder or file",
                   .found = "nothing that opens",
                   .where = file.string()});
  }
  ListReader(file, {std::istreambuf_iterator<char>(stream), {}}).read(add);
}

}  // namespace svgen
