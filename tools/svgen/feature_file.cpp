// SPDX-License-Identifier: MIT
// Features of many pictures in one file.
#include "feature_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "data/atomic_file.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kBlock = size_t{1} << 20;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string shapes_text(const std::vector<FeatureTensor>& kinds) {
  std::string text;
  for (const FeatureTensor& kind : kinds) {
    text += (text.empty() ? "" : ", ") + kind.name;
    for (const int64_t side : kind.shape) text += " " + std::to_string(side);
  }
  return text;
}

size_t row_bytes(const FeatureTensor& kind) {
  size_t bytes = sizeof(float);
  for (const int64_t side : kind.shape) bytes *= static_cast<size_t>(side);
  return bytes;
}

std::vector<int64_t> whole_shape(const FeatureTensor& kind, int64_t rows) {
  std::vector<int64_t> shape = {rows};
  shape.insert(shape.end(), kind.shape.begin(), kind.shape.end());
  return shape;
}

// Spaces that bring a header to a multiple of `unit` bytes.
void pad(std::string& header, size_t before, size_t behind, size_t unit) {
  header.append((unit - (before + header.size() + behind) % unit) % unit, ' ');
}

}  // namespace

/// A file without a name: it goes with the process, whatever ends that.
class FeatureFile::Spool {
 public:
  explicit Spool(const fs::path& beside) : place_(beside) {
    std::string name = beside.string() + ".rows-XXXXXX";
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ < 0) fail("a file for the rows cannot be made; check the folder");
    ::unlink(name.c_str());
  }
  ~Spool() { ::close(descriptor_); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void write(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno != EINTR) fail("the rows cannot be written; check the disk's space");
      if (done > 0) bytes = bytes.subspan(static_cast<size_t>(done));
    }
  }

  void cut(uint64_t bytes) {
    const auto end = static_cast<off_t>(bytes);
    if (::ftruncate(descriptor_, end) != 0 || ::lseek(descriptor_, end, SEEK_SET) != end)
      fail("the rows cannot be cut");
  }

  void copy_into(AtomicFile& file) const {
    std::string block(kBlock, '\0');
    for (off_t at = 0;;) {
      const ssize_t done = ::pread(descriptor_, block.data(), block.size(), at);
      if (done < 0 && errno != EINTR) fail("the rows cannot be read again");
      if (done == 0) return;
      if (done > 0) file.write({block.data(), static_cast<size_t>(done)});
      at += std::max<ssize_t>(done, 0);
    }
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw IoError(what, {.expected = "a folder that takes all rows",
                         .found = std::strerror(errno),
                         .where = place_.string()});
  }

  fs::path place_;
  int descriptor_ = -1;
};

FeatureFile::FeatureFile(fs::path file) : file_(std::move(file)) {}

FeatureFile::~FeatureFile() = default;

bool FeatureFile::is_array() const {
  return ascii_lower(file_.extension().string()) == ".npy";
}

void FeatureFile::begin(const std::vector<FeatureTensor>& kinds) {
  if (is_array() && kinds.size() != 1)
    throw ConfigurationError(
        "a .npy file holds one array: choose --features semantic, residual or latent, or an output "
        "that ends with .safetensors",
        {.expected = "one tensor",
         .found = shapes_text(kinds),
         .where = file_.filename().string()});
  kinds_ = kinds;
  for (size_t i = 0; i < kinds.size(); ++i) spools_.push_back(std::make_unique<Spool>(file_));
}

void FeatureFile::add(const std::vector<FeatureTensor>& kinds, std::span<const Bytes> values,
                      const FeatureRow& row) {
  if (kinds_.empty()) begin(kinds);
  if (kinds != kinds_)
    throw ShapeError("the features change their shape within one file: write two files",
                     {.expected = shapes_text(kinds_),
                      .found = shapes_text(kinds),
                      .where = file_.filename().string()});
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (values[i].size() != row_bytes(kinds[i]))
      throw ShapeError("a row of features is no array of float32",
                       {.expected = std::to_string(row_bytes(kinds[i])) + " bytes",
                        .found = std::to_string(values[i].size()),
                        .where = kinds[i].name});
    spools_[i]->write(values[i]);
  }
  rows_.push_back(row);
}

void FeatureFile::cut(const Mark& mark) {
  rows_.resize(mark.rows);
  sources_.resize(mark.sources);
  classes_ = mark.classes;
  for (size_t i = 0; i < spools_.size(); ++i) spools_[i]->cut(mark.rows * row_bytes(kinds_[i]));
}

int64_t FeatureFile::add_source(const std::string& name) {
  sources_.push_back(name);
  return static_cast<int64_t>(sources_.size()) - 1;
}

void FeatureFile::name_classes(const std::vector<std::string>& names) {
  if (names.empty() || names == classes_ || is_array()) return;
  if (!classes_.empty()) {
    const auto [held, named] =
        std::mismatch(classes_.begin(), classes_.end(), names.begin(), names.end());
    const std::string label = "label " + std::to_string(held - classes_.begin()) + " ";
    throw ConfigurationError(
        "the labels of the inputs mean other classes: write a file for each of them",
        {.expected = label + (held == classes_.end() ? "of no class" : *held),
         .found = label + (named == names.end() ? "of no class" : *named),
         .where = file_.filename().string()});
  }
  classes_ = names;
}

void FeatureFile::describe(const std::string& key, const std::string& text) {
  descriptions_.emplace_back(key, text);
}

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0
std::string FeatureFile::array_header() const {
  std::string shape;
  for (const int64_t side : whole_shape(kinds_.front(), rows()))
    shape += std::to_string(side) + ", ";
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr size_t kBefore = 10, kUnit = 64;
  pad(text, kBefore, 1, kUnit);
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xFF);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

std::vector<std::pair<std::string, int64_t FeatureRow::*>> FeatureFile::known_columns() const {
  std::vector<std::pair<std::string, int64_t FeatureRow::*>> columns = {
      {"index", &FeatureRow::index}, {"source", &FeatureRow::source}};
  const auto has_label = [](const FeatureRow& row) { return row.label >= 0; };
  if (std::any_of(rows_.begin(), rows_.end(), has_label))
    columns.emplace_back("label", &FeatureRow::label);
  return columns;
}

// https://github.com/huggingface/safetensors#format
std::string FeatureFile::tensors_header() const {
  json header, metadata = {{"format", "svgen features"}, {"sources", text_of(sources_)}};
  if (!classes_.empty()) metadata["classes"] = text_of(classes_);
  for (const auto& [key, text] : descriptions_) metadata[key] = text;
  header["__metadata__"] = metadata;
  uint64_t end = 0;
  const auto describe_tensor = [&](const std::string& name, const char* dtype,
                                   const std::vector<int64_t>& shape, uint64_t bytes) {
    header[name] = {{"dtype", dtype}, {"shape", shape}, {"data_offsets", {end, end + bytes}}};
    end += bytes;
  };
  const auto count = static_cast<uint64_t>(rows());
  for (const auto& [name, member] : known_columns())
    describe_tensor(name, "I64", {rows()}, count * sizeof(int64_t));
  for (const FeatureTensor& kind : kinds_)
    describe_tensor(kind.name, "F32", whole_shape(kind, rows()), count * row_bytes(kind));
  std::string text = text_of(header);
  pad(text, 0, 0, sizeof(uint64_t));
  std::string size(sizeof(uint64_t), '\0');
  for (size_t i = 0; i < size.size(); ++i) size[i] = static_cast<char>(text.size() >> (8 * i));
  return size + text;
}

std::string FeatureFile::columns() const {
  std::string bytes;
  for (const auto& [name, member] : known_columns())
    for (const FeatureRow& row : rows_)
      bytes.append(reinterpret_cast<const char*>(&(row.*member)), sizeof(int64_t));
  return bytes;
}

void FeatureFile::commit() {
  if (rows_.empty())
    throw IoError(
        "there are no features to write: no picture came",
        {.expected = "a picture at least", .found = "none", .where = file_.filename().string()});
  AtomicFile file(file_);
  file.write(is_array() ? array_header() : tensors_header());
  if (!is_array()) file.write(columns());
  for (const auto& spool : spools_) spool->copy_into(file);
  spools_.clear();
  file.commit();
}

}  // namespace svgen::cli
