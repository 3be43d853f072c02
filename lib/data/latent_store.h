// SPDX-License-Identifier: MIT
// Samples of fixed size in a raw file with a JSON file beside it: NNStreamer's data repository.
//
// The JSON file has NNStreamer's keys (gst_caps: what a sample is, total_samples, sample_size in
// bytes) and under "svgen" ours: "sample_crc32", eight hexadecimal digits for each sample, and
// "classes", the names of the labels where they are known. Readers that do not know our keys read
// the pair all the same, and we read pairs without them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/atomic_file.h"
#include "data/latent_origin.h"

namespace svgen {

/// The JSON file of a raw file: the one the user named, else the same name with the ending .json.
std::filesystem::path json_beside(const std::filesystem::path& location,
                                  const std::filesystem::path& named = {});

/// The JSON file of a part of a raw file (data/parts.h).
std::filesystem::path json_of_part(const std::filesystem::path& part);

/// Both files appear under their names at commit(), complete, the JSON file last; whatever ends the
/// writer before leaves an older pair as it was.
class LatentWriter {
 public:
  using Bytes = std::span<const std::byte>;

  /// IoError when `location` cannot be written.
  LatentWriter(std::filesystem::path location, std::filesystem::path json, std::string caps,
               size_t sample_size);

  /// Adds one sample, given as its parts. ShapeError unless they make sample_size bytes together;
  /// IoError when the disk is full.
  void add(std::span<const Bytes> parts);
  /// Also notes which image of the stream it is: for parts that are merged. All samples or none.
  void add(std::span<const Bytes> parts, int64_t index);
  int64_t samples() const { return samples_; }
  /// The names of the labels, kept beside the samples.
  void name_classes(std::vector<std::string> names) { classes_ = std::move(names); }
  /// The model that made the samples, kept beside them.
  void name_origin(LatentOrigin origin) { origin_ = std::move(origin); }
  void commit();

 private:
  std::filesystem::path location_, json_;
  std::vector<std::string> classes_;
  LatentOrigin origin_;
  std::vector<int64_t> indices_;
  std::string caps_;
  size_t sample_size_;
  AtomicFile raw_;
  int64_t samples_ = 0;
  std::string checksums_;
};

/// Safe to read from several threads.
class LatentReader {
 public:
  /// IoError when one of the files is missing, cannot be understood, or does not fit the other.
  LatentReader(std::filesystem::path location, const std::filesystem::path& json_file);
  ~LatentReader();
  LatentReader(const LatentReader&) = delete;
  LatentReader& operator=(const LatentReader&) = delete;

  const std::string& caps() const { return caps_; }
  int64_t samples() const { return samples_; }
  size_t sample_size() const { return sample_size_; }
  bool has_checksums() const { return !checksums_.empty(); }
  /// The names of the labels; empty where the writer did not know them.
  const std::vector<std::string>& classes() const { return classes_; }
  /// The model that made the samples; an empty checksum where the writer did not know it.
  const LatentOrigin& origin() const { return origin_; }
  /// The image of each sample of a part; empty for a whole file.
  const std::vector<int64_t>& indices() const { return indices_; }

  /// A whole sample, checked against its checksum where there is one. IoError naming the sample
  /// that is damaged.
  void read(int64_t sample, std::span<std::byte> out) const;

  /// `out.size()` bytes of a sample from `offset`, unchecked.
  void read_part(int64_t sample, size_t offset, std::span<std::byte> out) const;

 private:
  void read_json(const std::filesystem::path& file);
  void open_raw();

  std::filesystem::path location_;
  std::string caps_;
  int64_t samples_ = 0;
  size_t sample_size_ = 0;
  std::vector<uint32_t> checksums_;
  std::vector<std::string> classes_;
  LatentOrigin origin_;
  std::vector<int64_t> indices_;
  int descriptor_ = -1;
};

/// Puts the parts of several processes together in order of their images: the pair is that of one
/// process. Returns the number of samples. IoError for parts that do not fit together, or have one
/// image twice.
int64_t merge_latents(const std::filesystem::path& location, const std::filesystem::path& json,
                      std::span<const std::filesystem::path> parts);

}  // namespace svgen
