// SPDX-License-Identifier: MIT
// Where pictures and videos go.
#include "target.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "pipeline.h"
#include "svgen/error.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1, kInterrupted = 130;

struct Kind {
  bool is_video;
  std::vector<std::string> words;
};

const std::map<std::string, Kind> kKinds = {
    {".png", {false, {"videoconvert", "!", "pngenc"}}},
    {".jpg", {false, {"videoconvert", "!", "jpegenc", "quality=95"}}},
    {".webm", {true, {"videoconvert", "!", "vp8enc", "deadline=1", "!", "webmmux"}}},
    {".mkv", {true, {"videoconvert", "!", "vp8enc", "deadline=1", "!", "matroskamux"}}},
};

const Kind& kind_of(const fs::path& name) {
  const auto found = kKinds.find(name.extension().string());
  if (found != kKinds.end()) return found->second;
  throw ConfigurationError(
      "the ending of a file says what it becomes",
      {".png, .jpg, .webm, .mkv or a folder", name.extension().string(), name.string()});
}

const std::regex kNumber("%(0?[0-9]*)d");

bool is_pattern(const std::string& name) {
  return name.find('%') != std::string::npos;
}

// The name of picture `index`: what multifilesink makes of the pattern.
std::string numbered(const std::string& pattern, long index) {
  std::smatch found;
  std::regex_search(pattern, found, kNumber);
  const std::string width = found[1].str();
  std::string number = std::to_string(index);
  const size_t places = width.empty() ? 0 : std::stoul(width);
  if (number.size() < places) number.insert(0, places - number.size(), width[0] == '0' ? '0' : ' ');
  return found.prefix().str() + number + found.suffix().str();
}

void check_pattern(const std::string& name) {
  const auto begin = std::sregex_iterator(name.begin(), name.end(), kNumber);
  const auto numbers = std::distance(begin, std::sregex_iterator());
  const bool fits =
      numbers == 1 && std::count(name.begin(), name.end(), '%') == 1 && begin->str().size() <= 5;
  if (!fits)
    throw ConfigurationError("a name of many pictures has one number",
                             {"a name such as picture-%03d.png", name, "the output"});
}

}  // namespace

void check_free(const fs::path& file, const Options& options) {
  if (fs::exists(file) && !options.has("force"))
    throw ConfigurationError("a file is there already: --force overwrites it",
                             {"no such file", file.string(), "the output"});
}

Target target_of(const std::string& name, long pictures, const Options& options) {
  const bool is_folder = name.ends_with('/') || fs::is_directory(name);
  const std::string file = is_folder ? (fs::path(name) / "%05d.png").string() : name;
  Target target{kind_of(file).words, {}};
  target.words.push_back("!");
  if (is_pattern(file)) {
    check_pattern(file);
    for (long i = 0; i < pictures; ++i) target.files.push_back(numbered(file, i));
    target.words.insert(target.words.end(), {"multifilesink", "location=" + file});
  } else {
    if (pictures > 1 && !kind_of(file).is_video)
      throw ConfigurationError(
          "many pictures do not go into one file: name a folder, a video, a name such as "
          "picture-%03d.png, or --sheet COLUMNS",
          {"one picture", std::to_string(pictures), file});
    target.files.push_back(file);
    target.words.insert(target.words.end(), {"filesink", "location=" + file});
  }
  for (const fs::path& path : target.files) check_free(path, options);
  const fs::path folder = fs::path(file).parent_path();
  std::error_code error;
  if (!folder.empty()) fs::create_directories(folder, error);
  if (error)
    throw IoError("the folder of the output cannot be made",
                  {"a folder that may be written", error.message(), folder.string()});
  return target;
}

int run_into(const Target& target, const std::vector<std::string>& words, const Options& options) {
  const bool json = options.has("json");
  Progress progress(Progress::usual_form(json));
  const auto give_up = [&](const std::string& text, int status) {
    std::error_code ignored;
    for (const fs::path& file : target.files) fs::remove(file, ignored);
    if (json)
      std::printf("%s\n", nlohmann::json{{"event", "error"}, {"text", text}}.dump().c_str());
    std::fprintf(stderr, "svgen: %s\n", text.c_str());
    return status;
  };
  try {
    run_pipeline(words, progress);
  } catch (const PipelineError& error) {
    return give_up(error.text, kFailed);
  } catch (const Interrupted&) {
    return give_up("stopped; what was written so far is removed", kInterrupted);
  }
  std::vector<std::string> written;
  for (const fs::path& file : target.files)
    if (fs::exists(file)) written.push_back(file.string());
  if (json) {
    const nlohmann::json done = {
        {"event", "done"}, {"files", written}, {"seconds", progress.seconds()}};
    std::printf("%s\n", done.dump().c_str());
  } else {
    const std::string more =
        written.size() > 1 ? " and " + std::to_string(written.size() - 1) + " more" : "";
    std::printf("%s%s, %.1f s\n", written.empty() ? "nothing" : written[0].c_str(), more.c_str(),
                progress.seconds());
  }
  return 0;
}

}  // namespace svgen::cli
