// SPDX-License-Identifier: MIT
// The names of output files, and files that get theirs when they are complete.
#include "file_names.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <regex>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

const std::regex kNumber("%(0?[0-9]?)d");

// The file itself where the name is a link to one.
fs::path place_of(const fs::path& file) {
  std::error_code ignored;
  const bool leads = fs::is_symlink(file, ignored) && fs::exists(file, ignored);
  return leads ? fs::canonical(file) : file;
}

}  // namespace

const std::vector<Kind>& picture_kinds() {
  const Step convert{"videoconvert"}, vp8{"vp8enc", {{"deadline", "1", ""}}};
  const std::vector<Step> jpeg = {convert, {"jpegenc", {{"quality", "95", ""}}}};
  static const std::vector<Kind> kinds = {
      {".png", false, {convert, {"pngenc"}}},
      {".jpg", false, jpeg},
      {".jpeg", false, jpeg},
      {".webm", true, {convert, vp8, {"webmmux"}}, true},
      {".mkv", true, {convert, vp8, {"matroskamux"}}, true},
  };
  return kinds;
}

const Kind& kind_of(const fs::path& name, const std::vector<Kind>& kinds) {
  const std::string ending = ascii_lower(name.extension().string());
  for (const Kind& kind : kinds)
    if (kind.ending == ending) return kind;
  throw ConfigurationError("the ending of a file says what it becomes",
                           {.expected = joined(kinds, ", ", &Kind::ending),
                            .found = ending.empty() ? "none" : ending,
                            .where = name.string()});
}

bool has_one_number(const std::string& name) {
  return std::distance(std::sregex_iterator(name.begin(), name.end(), kNumber), {}) == 1 &&
         std::count(name.begin(), name.end(), '%') == 1;
}

std::string escaped(const std::string& text) {
  std::string literal;
  for (const char letter : text) literal += letter == '%' ? "%%" : std::string(1, letter);
  return literal;
}

std::string numbered(const std::string& pattern, int64_t index) {
  std::smatch found;
  std::regex_search(pattern, found, kNumber);
  const std::string width = found[1].str();
  std::string number = std::to_string(index);
  const size_t places = width.empty() ? 0 : std::stoul(width);
  if (number.size() < places) number.insert(0, places - number.size(), width[0] == '0' ? '0' : ' ');
  return found.prefix().str() + number + found.suffix().str();
}

void refuse_present(const fs::path& file) {
  throw ConfigurationError(
      "a file is there already: --force overwrites it",
      {.expected = "no such file", .found = file.string(), .where = "the output"});
}

void move_into_place(const fs::path& from, const fs::path& to, bool force) {
  const fs::path place = place_of(to);
  int status = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, place.c_str(),
                         force ? 0U : static_cast<unsigned>(RENAME_NOREPLACE));
  if (status != 0 && errno == EINVAL && !fs::exists(place))  // the file system cannot promise it
    status = std::rename(from.c_str(), place.c_str());
  if (status == 0) return;
  if (errno == EEXIST || errno == EINVAL) refuse_present(to);
  throw IoError("a file cannot be put into its place", {.expected = "a folder that may be written",
                                                        .found = std::strerror(errno),
                                                        .where = to.string()});
}

fs::path pattern_of(const std::string& name) {
  const bool is_folder = name.ends_with('/') || fs::is_directory(name);
  return is_folder ? fs::path(name) / "%05d.png" : fs::path(name);
}

bool is_numbered(const std::string& pattern, const std::string& name) {
  std::smatch found;
  std::regex_search(pattern, found, kNumber);
  const std::string before = found.prefix().str(), behind = found.suffix().str();
  if (name.size() <= before.size() + behind.size() || !name.starts_with(before) ||
      !name.ends_with(behind))
    return false;
  const std::string number =
      name.substr(before.size(), name.size() - before.size() - behind.size());
  return number.find_first_not_of("0123456789 ") == std::string::npos;
}

std::vector<fs::path> make_folders(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> missing, made;
  for (fs::path one = folder; !one.empty() && !fs::exists(one, error); one = one.parent_path())
    missing.insert(missing.begin(), one);
  for (const fs::path& one : missing) {
    if (!fs::create_directory(one, error) && !fs::is_directory(one)) {
      std::error_code ignored;
      for (const fs::path& mine : made) fs::remove(mine, ignored);
      throw IoError("the folder of the output cannot be made or written",
                    {.expected = "a folder that may be written",
                     .found = error.message(),
                     .where = folder.string()});
    }
    made.push_back(one);
  }
  return made;
}

}  // namespace svgen::cli
