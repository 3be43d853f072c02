// SPDX-License-Identifier: MIT
// Numbered pictures that several processes write into one folder, each its own, and that a process
// which is started again goes on with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/data_order.h"
#include "file_names.h"
#include "options.h"
#include "pipeline.h"

namespace svgen::cli {

/// Each picture gets its name, by its absolute index, as soon as it is complete. A file beside them
/// says what they are, so that pictures of another command are never mixed with these.
class SharedOutput {
 public:
  /// `images` are those of this process, `shard` tells it from the others, `job` is what the
  /// pictures depend on. ConfigurationError where `name` is no place for numbered pictures, where
  /// the folder has pictures of another job, or of none (unless --force was given).
  SharedOutput(const std::string& name, const IndexRange& images, const Shard& shard,
               const nlohmann::json& job, const Options& options);
  ~SharedOutput();
  SharedOutput(const SharedOutput&) = delete;
  SharedOutput& operator=(const SharedOutput&) = delete;

  /// The first of its images that is not there; images.end when all are.
  int64_t next() const { return next_; }
  /// Adds what writes the pictures from next() on. Makes the folders.
  void end(Pipeline& pipeline);
  /// The files that were written, in order.
  const std::vector<std::string>& written() const { return written_; }

 private:
  std::filesystem::path file_of(int64_t index) const;

  const Kind* kind_;
  std::filesystem::path folder_, staging_;
  std::string pattern_;
  IndexRange images_;
  std::string job_;
  int64_t next_;
  std::vector<std::string> written_;
};

/// Makes the images of `pipeline`, which ends in pictures, into the output. The exit status.
int run_into(SharedOutput& output, Pipeline& pipeline, const Options& options);

}  // namespace svgen::cli
