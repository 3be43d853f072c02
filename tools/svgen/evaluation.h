// SPDX-License-Identifier: MIT
// Measurements of generators and tokenizers, cut into chunks of images that are files: processes
// share them, and a process that is started again makes those that are missing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/data_order.h"
#include "pipeline.h"
#include "svgen/evaluation.h"

namespace svgen::cli {

/// The network whose features are compared: one of the two.
struct Judge {
  std::string inception;  // a file
  std::string encoder;    // a card
};

struct Protocol {
  int64_t images = 50000, chunk = 500, batch = 16, seed = 0;
  bool balanced = false;  // labels in turn, else random ones
  std::string device = "auto", dtype = "auto";
};

/// One row: a generator at its settings, or a tokenizer (no steps).
struct Cell {
  std::string card, steps = {}, guidance = {};

  bool generates() const { return !steps.empty(); }
  /// "mini-25-1.5": a name for files.
  std::string name() const;
};

struct Result {
  Cell cell;
  int64_t images = 0;
  SetDistance distance;
  std::optional<double> accuracy;           // of classes, by a linear probe of labelled references
  std::optional<double> psnr, ssim, lpips;  // of tokenizers: means over pictures
};

class Evaluation {
 public:
  /// `reference` is a file of features or statistics, or a folder or list of pictures, of which a
  /// tokenizer needs pictures. A folder that has chunks of another protocol is refused
  /// (ConfigurationError). After this the elements of this process take no notice of a launch.
  Evaluation(std::filesystem::path folder, std::string reference, Judge judge, Protocol protocol,
             std::string lpips, const Shard& shard, bool json);

  const std::filesystem::path& folder() const { return folder_; }
  bool is_first() const { return shard_.rank == 0; }
  /// What the numbers depend on.
  nlohmann::json described() const;

  /// Makes the chunks of a cell, and of the references, that are this process' and not there yet.
  void make(const Cell& cell);
  /// Joins the chunks of all processes, waiting up to so many seconds for them, and measures.
  Result reduce(const Cell& cell, long seconds);

 private:
  struct Chunk {
    std::filesystem::path file;
    IndexRange images;
  };

  void read_kind();
  bool has_pictures() const { return pictures_ > 0; }
  int64_t images_of(const Cell& cell) const;
  std::vector<Chunk> chunks(const std::string& name, int64_t images) const;
  void make_missing(const std::string& name, int64_t images,
                    const std::function<void(Pipeline&, const Chunk&)>& build);
  void add_features(Pipeline& pipeline, const Chunk& chunk) const;
  void add_pictures(Pipeline& pipeline, const Chunk& chunk, const std::string& card) const;
  void make_references();
  void make_tokenized(const Cell& cell);
  void await(const std::string& name, int64_t images, long seconds) const;
  std::unique_ptr<FeatureSet> joined(const std::string& name, int64_t images, long seconds) const;
  void read_references(long seconds);
  void add_picture_metrics(const Cell& cell, Result& result) const;

  std::filesystem::path folder_;
  std::string reference_;
  Judge judge_;
  Protocol protocol_;
  std::string lpips_;
  Shard shard_;
  bool json_;
  int64_t pictures_ = 0;  // of a reference of pictures
  int64_t next_chunk_ = 0;
  bool has_statistics_ = false;
  std::unique_ptr<FeatureSet> real_, statistics_;
};

}  // namespace svgen::cli
