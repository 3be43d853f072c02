// SPDX-License-Identifier: MIT
// The log of a training: one JSON object a line and step, and the curves read back from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace svgen {

/// (step, value) of one metric, steps increasing.
using Curve = std::vector<std::pair<int64_t, double>>;

struct TrainLogLine {
  int64_t step = 0;
  int64_t next_index = 0;
  double images_per_second = 0;
  double seconds_left = -1;  // -1: unknown
  std::vector<std::pair<std::string, double>> metrics;
};

class TrainLog {
 public:
  /// Goes on behind step `step`: lines of later steps, and a torn last line, are removed, since
  /// those steps will be computed again. With step 0 the log starts anew, and older ones are kept
  /// under its name with ".before", ".before-2" and so on. An empty `file` keeps the curves in
  /// memory only. IoError when it cannot be read or written.
  TrainLog(std::filesystem::path file, int64_t step);

  /// Appends and flushes. A number that is not finite is written as null.
  void add(const TrainLogLine& line);

  /// Returns the curve over all steps so far; empty for an unknown metric.
  const Curve& curve(const std::string& metric) const;

 private:
  void keep_until(int64_t step);
  void keep_aside(bool begins) const;

  std::filesystem::path file_;
  std::ofstream stream_;
  std::map<std::string, Curve> curves_;
};

}  // namespace svgen
