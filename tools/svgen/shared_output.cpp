// SPDX-License-Identifier: MIT
// Numbered pictures of several processes.
#include "shared_output.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "job_record.h"
#include "svgen/error.h"

namespace svgen::cli {
namespace fs = std::filesystem;

SharedOutput::SharedOutput(const std::string& name, const IndexRange& images, const Shard& shard,
                           const nlohmann::json& job, const Options& options)
    : images_(images), job_(job.dump(1) + "\n"), next_(images.first) {
  const fs::path file = pattern_of(name);
  kind_ = &kind_of(file, picture_kinds());
  folder_ = file.has_parent_path() ? file.parent_path() : fs::path(".");
  pattern_ = file.filename().string();
  if (kind_->holds_many || !has_one_number(pattern_))
    throw ConfigurationError(
        "pictures that are shared or resumed go into numbered files: name a folder, or a name such "
        "as picture-%05d.png",
        {.expected = "a place for numbered pictures", .found = name, .where = "the output"});
  staging_ = folder_ / (".svgen-process-" + std::to_string(shard.rank) + "-of-" +
                        std::to_string(shard.world));
  if (options.has("force")) return;
  const bool continues = has_job(folder_, job_, "name another one, or --force overwrites them");
  while (next_ < images_.end && fs::exists(file_of(next_))) ++next_;
  if (next_ > images_.first && !continues) refuse_present(file_of(images_.first));
}

SharedOutput::~SharedOutput() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
}

fs::path SharedOutput::file_of(int64_t index) const {
  return folder_ / numbered(pattern_, index);
}

void SharedOutput::end(Pipeline& pipeline) {
  for (const Step& step : kind_->steps) pipeline.add(step);
  make_folders(folder_);
  std::error_code ignored;
  fs::remove_all(staging_, ignored);  // of a process that was killed
  make_folders(staging_);
  note_job(folder_, job_);
  pipeline.add({"multifilesink"});
  pipeline.count_pictures(std::numeric_limits<int64_t>::max(), "");
  pipeline.set({{"location", escaped(staging_.string()) + "/" + pattern_, "the output"},
                {"index", std::to_string(next_), "the output"}});
  pipeline.finish_when_stopped();
  pipeline.watch_files([this](const std::string& file) {
    const fs::path place = file_of(next_++);
    move_into_place(file, place, /*force=*/true);  // another launch made the same one
    written_.push_back(place.string());
  });
}

}  // namespace svgen::cli
