// SPDX-License-Identifier: MIT
// Decides where pictures, videos and features go.
#include "output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <ranges>
#include <regex>

#include "console.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1, kOfSignals = 128;

const std::regex kNumber("%(0?[0-9]?)d");

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

// Escapes a text so that printf() gives it back unchanged.
std::string escaped(const std::string& text) {
  std::string literal;
  for (const char letter : text) literal += letter == '%' ? "%%" : std::string(1, letter);
  return literal;
}

// The name of picture `index`: what multifilesink makes of the pattern.
std::string numbered(const std::string& pattern, int64_t index) {
  std::smatch found;
  std::regex_search(pattern, found, kNumber);
  const std::string width = found[1].str();
  std::string number = std::to_string(index);
  const size_t places = width.empty() ? 0 : std::stoul(width);
  if (number.size() < places) number.insert(0, places - number.size(), width[0] == '0' ? '0' : ' ');
  return found.prefix().str() + number + found.suffix().str();
}

// The file itself where the name is a link to one.
fs::path place_of(const fs::path& file) {
  std::error_code ignored;
  const bool leads = fs::is_symlink(file, ignored) && fs::exists(file, ignored);
  return leads ? fs::canonical(file) : file;
}

[[noreturn]] void refuse_present(const fs::path& file) {
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

}  // namespace

const std::vector<Kind>& picture_kinds() {
  const Step convert{"videoconvert"}, vp8{"vp8enc", {{"deadline", "1", ""}}};
  const std::vector<Step> jpeg = {convert, {"jpegenc", {{"quality", "95", ""}}}};
  static const std::vector<Kind> kinds = {
      {".png", false, {convert, {"pngenc"}}},
      {".jpg", false, jpeg},
      {".jpeg", false, jpeg},
      {".webm", true, {convert, vp8, {"webmmux"}}},
      {".mkv", true, {convert, vp8, {"matroskamux"}}},
  };
  return kinds;
}

Output::Output(const std::string& name, const std::vector<Kind>& kinds,
               std::optional<int64_t> pictures, const Options& options, const fs::path& input)
    : force_(options.has("force")), pictures_(pictures) {
  const bool is_folder = name.ends_with('/') || fs::is_directory(name);
  const fs::path file = is_folder ? fs::path(name) / "%05d.png" : fs::path(name);
  kind_ = &kind_of(file, kinds);
  folder_ = file.parent_path();
  name_ = file.filename().string();
  const bool many = pictures.value_or(2) > 1;
  numbered_ = !kind().holds_many && has_one_number(name_);
  if (!numbered_ && !kind().holds_many && pictures.value_or(1) > 1)
    throw ConfigurationError(
        many && name_.find('%') != std::string::npos
            ? "a name of many pictures has one number, such as picture-%03d.png"
            : "many pictures do not go into one file: name a folder, a video, a name such as "
              "picture-%03d.png, or --sheet COLUMNS",
        {.expected = "a place for " + std::to_string(*pictures) + " pictures",
         .found = name_,
         .where = "the output"});
  check_free(input);
}

void Output::check_free(const fs::path& input) const {
  const auto check = [&](const fs::path& file) {
    std::error_code ignored;
    if (!input.empty() && fs::exists(file, ignored) && fs::equivalent(file, input, ignored))
      throw ConfigurationError(
          "the output would overwrite its input: give it another name",
          {.expected = "another file", .found = file.string(), .where = "the output"});
    if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored))
      throw ConfigurationError(
          "the output is there already and is no file",
          {.expected = "a file or a new name", .found = file.string(), .where = "the output"});
    if (fs::symlink_status(file, ignored).type() != fs::file_type::not_found && !force_)
      refuse_present(file);
  };
  if (!numbered_) return check(folder_ / name_);
  for (int64_t i = 0; i < pictures_.value_or(0); ++i) check(folder_ / numbered(name_, i));
  if (pictures_) return;
  // Nobody knows yet how many: every file that could be one of them.
  std::smatch found;
  std::regex_search(name_, found, kNumber);
  const std::string before = found.prefix().str(), behind = found.suffix().str();
  std::error_code ignored;
  for (fs::directory_iterator entry(folder_.empty() ? "." : folder_, ignored), none;
       !ignored && entry != none; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() <= before.size() + behind.size() || !name.starts_with(before) ||
        !name.ends_with(behind))
      continue;
    const std::string number =
        name.substr(before.size(), name.size() - before.size() - behind.size());
    if (number.find_first_not_of("0123456789 ") == std::string::npos) check(folder_ / name);
  }
}

void Output::make_folders() {
  const fs::path folder = folder_.empty() ? fs::path(".") : folder_;
  std::error_code error;
  std::vector<fs::path> missing;
  for (fs::path one = folder; !one.empty() && !fs::exists(one, error); one = one.parent_path())
    missing.insert(missing.begin(), one);
  for (const fs::path& one : missing) {
    if (!fs::create_directory(one, error) && !fs::is_directory(one)) break;
    made_.push_back(one);
  }
  std::string staging = (folder / ".svgen-XXXXXX").string();
  if (mkdtemp(staging.data()) == nullptr) {
    const std::string reason = error ? error.message() : std::strerror(errno);
    throw IoError(
        "the folder of the output cannot be made or written",
        {.expected = "a folder that may be written", .found = reason, .where = folder.string()});
  }
  staging_ = staging;
}

Output::~Output() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
  // Removes only the folders that are still empty.
  for (const fs::path& folder : std::views::reverse(made_)) fs::remove(folder, ignored);
}

void Output::end(Pipeline& pipeline) {
  const bool one_picture = !numbered_ && !kind().holds_many;
  pipeline.add(kind().steps.empty() ? Step{"queue"} : kind().steps.front());
  pipeline.count_pictures(
      one_picture ? 1 : std::numeric_limits<int64_t>::max(),
      "the input is a video, and many pictures do not go into one file: name a folder, a video, or "
      "a name such as picture-%03d.png");
  for (size_t i = 1; i < kind().steps.size(); ++i) pipeline.add(kind().steps[i]);
  pipeline.add({numbered_ ? "multifilesink" : "filesink"});
  make_folders();
  pipeline.set({{"location",
                 numbered_ ? escaped(staging_.string()) + "/" + name_ : (staging_ / name_).string(),
                 "the output"}});
}

std::vector<std::string> Output::commit() {
  std::vector<std::string> names;
  if (!numbered_)
    names.push_back(name_);
  else
    for (int64_t i = 0; fs::exists(staging_ / numbered(name_, i)); ++i)
      names.push_back(numbered(name_, i));
  std::vector<std::string> written;
  try {
    for (const std::string& name : names) {
      move_into_place(staging_ / name, folder_ / name, force_);
      written.push_back((folder_ / name).string());
    }
  } catch (const Error&) {
    std::error_code ignored;
    if (!force_)
      for (const std::string& file : written) fs::remove(file, ignored);
    throw;
  }
  return written;
}

int run_into(Output& output, Pipeline& pipeline, const Options& options) {
  const bool json = options.has("json");
  Progress progress(Progress::usual_form(json));
  std::vector<std::string> written;
  try {
    output.end(pipeline);
    pipeline.run(progress);
    written = output.commit();
  } catch (const Interrupted& stop) {
    print_error("stopped; what was written so far is removed", json);
    return kOfSignals + stop.signal;
  }
  if (json) {
    print(nlohmann::json{{"event", "done"}, {"files", written}, {"seconds", progress.seconds()}});
  } else {
    const std::string more =
        written.size() > 1 ? " and " + std::to_string(written.size() - 1) + " more" : "";
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, ", %.1f s", progress.seconds());
    print(printable(written[0]) + more + seconds);
  }
  return was_taken() ? 0 : kFailed;
}

}  // namespace svgen::cli
