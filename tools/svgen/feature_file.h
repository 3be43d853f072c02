// SPDX-License-Identifier: MIT
// Features of many pictures in one file: an array of numpy (.npy), or .safetensors, which also says
// where each row comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace svgen::cli {

/// Where a row comes from; -1 is unknown.
struct FeatureRow {
  int64_t index = -1;   // the picture's place in its source: a video's frame, a dataset's item
  int64_t label = -1;   // its class
  int64_t source = -1;  // which of the sources
};

/// What the rows of a tensor are.
struct FeatureTensor {
  std::string name;            // "semantic"
  std::vector<int64_t> shape;  // of a row: tokens, channels

  bool operator==(const FeatureTensor&) const = default;
};

/// Rows wait on the disk, beside the file, until their number is known: of 24 bytes in memory each.
/// For a moment the disk holds them twice.
///
/// A .npy file has one tensor, float32 (pictures, tokens, channels). A .safetensors file has all of
/// them by their names, beside them `index`, `source` and, where labels are known, `label` as int64
/// (pictures); its metadata has `sources` and `classes`, lists as JSON, and what describe() was
/// given.
class FeatureFile {
 public:
  using Bytes = std::span<const std::byte>;

  /// The kind of file follows from the ending. IoError where it cannot be written.
  explicit FeatureFile(std::filesystem::path file);
  ~FeatureFile();
  FeatureFile(const FeatureFile&) = delete;
  FeatureFile& operator=(const FeatureFile&) = delete;

  /// Adds a row: the float32 values of each tensor. ShapeError where the kinds are not those of the
  /// first row, ConfigurationError where a .npy would get two tensors.
  void add(const std::vector<FeatureTensor>& kinds, std::span<const Bytes> values,
           const FeatureRow& row);
  int64_t rows() const { return static_cast<int64_t>(rows_.size()); }

  /// How far the file has come.
  struct Mark {
    size_t rows, sources;
    std::vector<std::string> classes;
  };
  Mark mark() const { return {rows_.size(), sources_.size(), classes_}; }
  /// Takes away again what was added behind the mark.
  void cut(const Mark& mark);

  /// Adds a source, and returns its number.
  int64_t add_source(const std::string& name);
  /// Says which classes labels mean, in a kind of file that has labels. ConfigurationError where
  /// they mean others already.
  void name_classes(const std::vector<std::string>& names);
  void describe(const std::string& key, const std::string& text);

  /// Writes the file. IoError where there are no rows, or no space for them.
  void commit();

 private:
  class Spool;

  bool is_array() const;
  void begin(const std::vector<FeatureTensor>& kinds);
  std::string array_header() const;
  std::string tensors_header() const;
  std::string columns() const;
  std::vector<std::pair<std::string, int64_t FeatureRow::*>> known_columns() const;

  std::filesystem::path file_;
  std::vector<FeatureTensor> kinds_;
  std::vector<std::unique_ptr<Spool>> spools_;  // of each kind
  std::vector<FeatureRow> rows_;
  std::vector<std::string> sources_, classes_;
  std::vector<std::pair<std::string, std::string>> descriptions_;
};

}  // namespace svgen::cli
