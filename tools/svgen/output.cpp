// SPDX-License-Identifier: MIT
// Decides where pictures, videos and features go.
#include "output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <ranges>

#include "console.h"
#include "data/data_order.h"
#include "shared_output.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1, kOfSignals = 128;

}  // namespace

Output::Output(const std::string& name, const std::vector<Kind>& kinds,
               std::optional<int64_t> pictures, const Options& options,
               const std::vector<fs::path>& inputs)
    : force_(options.has("force")), silent_(options.has("no-sound")), pictures_(pictures) {
  // They would overwrite each other's files.
  if (const Shard shard = shard_from_environment(); shard.world > 1)
    throw ConfigurationError(
        "this output is not shared among processes: run the command in one",
        {.expected = "no RANK and WORLD_SIZE in the environment",
         .found = "process " + std::to_string(shard.rank) + " of " + std::to_string(shard.world),
         .where = name});
  const fs::path file = pattern_of(name);
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
  check_free(inputs);
}

void Output::check_free(const std::vector<fs::path>& inputs) const {
  const auto check = [&](const fs::path& file) {
    std::error_code ignored;
    const auto is_the_file = [&](const fs::path& input) {
      return fs::exists(file, ignored) && fs::equivalent(file, input, ignored);
    };
    if (std::any_of(inputs.begin(), inputs.end(), is_the_file))
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
  std::error_code ignored;
  for (fs::directory_iterator entry(folder_.empty() ? "." : folder_, ignored), none;
       !ignored && entry != none; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (is_numbered(name_, name)) check(folder_ / name);
  }
}

void Output::make_place() {
  const fs::path folder = folder_.empty() ? fs::path(".") : folder_;
  made_ = make_folders(folder);
  std::string staging = (folder / ".svgen-XXXXXX").string();
  if (mkdtemp(staging.data()) == nullptr)
    throw IoError("the folder of the output cannot be made or written",
                  {.expected = "a folder that may be written",
                   .found = std::strerror(errno),
                   .where = folder.string()});
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
  const bool has_sound = kind().holds_sound && !silent_;
  for (size_t i = 1; i < kind().steps.size(); ++i) {
    // The muxer lets pictures wait while there is no sound, and the decoder gives none meanwhile.
    if (has_sound && i + 1 == kind().steps.size()) pipeline.add_queue();
    pipeline.add(kind().steps[i]);
  }
  if (has_sound) pipeline.keep_sound();
  pipeline.add({numbered_ ? "multifilesink" : "filesink"});
  make_place();
  pipeline.set({{"location",
                 numbered_ ? escaped(staging_.string()) + "/" + name_ : (staging_ / name_).string(),
                 "the output"}});
}

fs::path Output::place() {
  make_place();
  return staging_ / name_;
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

namespace {

// What was written, behind a run.
int say_done(const std::vector<std::string>& written, double seconds, bool json) {
  if (written.empty()) return 0;
  if (json) {
    print(nlohmann::json{{"event", "done"}, {"files", written}, {"seconds", seconds}});
  } else {
    const std::string more =
        written.size() > 1 ? " and " + std::to_string(written.size() - 1) + " more" : "";
    char time[32];
    std::snprintf(time, sizeof time, ", %.1f s", seconds);
    print(printable(written[0]) + more + time);
  }
  return was_taken() ? 0 : kFailed;
}

}  // namespace

int run_and_say(const std::function<std::vector<std::string>(Progress&)>& make, bool json,
                const char* stopped) {
  Progress progress(Progress::usual_form(json));
  try {
    const std::vector<std::string> written = make(progress);
    return say_done(written, progress.seconds(), json);
  } catch (const Interrupted& stop) {
    if (!stop.failure.empty()) print_error(stop.failure, json);
    print_error(stopped, json);
    return kOfSignals + stop.signal;
  }
}

int run_into(Output& output, Pipeline& pipeline, const Options& options) {
  return run_and_say(
      [&](Progress& progress) {
        output.end(pipeline);
        pipeline.run(progress);
        return output.commit();
      },
      options.has("json"), "stopped; what was written so far is removed");
}

int run_and_name(Pipeline& pipeline, const std::string& file, const Options& options) {
  return run_and_say(
      [&](Progress& progress) {
        pipeline.run(progress);
        return std::vector<std::string>{file};
      },
      options.has("json"), "stopped; nothing was written");
}

int run_into(SharedOutput& output, Pipeline& pipeline, const Options& options) {
  return run_and_say(
      [&](Progress& progress) {
        output.end(pipeline);
        pipeline.run(progress);
        return output.written();
      },
      options.has("json"), "stopped; the same command goes on from there");
}

}  // namespace svgen::cli
