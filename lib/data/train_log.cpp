// SPDX-License-Identifier: MIT
// Writing and reading the log of a training.
#include "data/train_log.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <ostream>

#include "data/atomic_file.h"
#include "svgen/error.h"

namespace svgen {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

}  // namespace

TrainLog::TrainLog(std::filesystem::path file, int64_t step) : file_(std::move(file)) {
  if (file_.empty()) return;
  keep_until(step);
  stream_.open(file_, std::ios::app);
  if (!stream_) {
    throw IoError(
        "the training log cannot be written",
        {.expected = "a writable file", .found = std::strerror(errno), .where = file_.string()});
  }
}

// A log that begins anew must not take another training's with it.
void TrainLog::keep_aside(bool begins) const {
  std::error_code problem;
  if (!begins || std::filesystem::file_size(file_, problem) == 0 || problem) return;
  std::filesystem::path aside = file_;
  std::filesystem::rename(file_, unused_path(aside += ".before"), problem);
}

// The file with nothing behind `step`, and the curves up to there.
void TrainLog::keep_until(int64_t step) {
  std::string kept;
  std::ifstream old(file_);
  for (std::string line; step > 0 && std::getline(old, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) continue;
    const int64_t of_line = json["step"].get<int64_t>();
    if (of_line > step) continue;
    kept += line + "\n";
    for (const auto& [name, value] : json.items())
      if (value.is_number() && name != "step")
        curves_[name].emplace_back(of_line, value.get<double>());
  }
  old.close();
  keep_aside(kept.empty());
  AtomicFile writer(file_);
  writer.write(kept);
  writer.commit();
}

void TrainLog::add(const TrainLogLine& line) {
  Json json = {{"step", line.step}, {"next_index", line.next_index}};
  for (const auto& [name, value] : line.metrics) {
    json[name] = number(value);
    if (std::isfinite(value)) curves_[name].emplace_back(line.step, value);
  }
  json["images_per_second"] = number(line.images_per_second);
  json["seconds_left"] = number(line.seconds_left);
  if (file_.empty()) return;
  stream_ << json.dump() << '\n' << std::flush;
  if (!stream_) {
    throw IoError(
        "the training log cannot be written",
        {.expected = "room on the disk", .found = std::strerror(errno), .where = file_.string()});
  }
}

const Curve& TrainLog::curve(const std::string& metric) const {
  static const Curve kNone;
  const auto found = curves_.find(metric);
  return found == curves_.end() ? kNone : found->second;
}

}  // namespace svgen
