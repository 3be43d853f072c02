// SPDX-License-Identifier: MIT
// Collecting feature vectors.
#include "eval/pooled_features.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <limits>
#include <string>

#include "engine/shapes.h"
#include "eval/all_processors.h"
#include "interop/tensor.h"
#include "runtime/worker.h"
#include "svgen/error.h"
#include "weights/safetensors.h"

namespace svgen::eval {
namespace {

constexpr int64_t kBlockRows = 1024;

void check_finite(const at::Tensor& values, const std::string& where) {
  if (at::isfinite(values).all().item<bool>()) return;
  throw ConfigurationError(
      "features hold a number that is not finite",
      {.expected = "finite numbers", .found = "NaN or infinity", .where = where});
}

// Reads a tensor that a file must hold, with the dtype and shape given.
at::Tensor read_checked(const weights::StateSource& source, const char* name, at::ScalarType dtype,
                        const std::vector<int64_t>& shape) {
  const at::Tensor tensor = source.read(name);
  if (tensor.scalar_type() != dtype || tensor.sizes().vec() != shape)
    throw WeightsError(
        "a file of feature statistics does not fit: write it anew with svgfrechet",
        {.expected = std::string(name) + " as " + c10::toString(dtype) + shape_text(shape),
         .found = c10::toString(tensor.scalar_type()) + shape_text(tensor.sizes().vec()),
         .where = source.path().string()});
  if (at::isFloatingType(dtype)) check_finite(tensor, source.path().string() + ": " + name);
  return tensor;
}

FeatureRows part_of(const FeatureRows& rows, int64_t first, int64_t count) {
  return {rows.vectors.narrow(0, first, count), rows.labels.narrow(0, first, count),
          rows.indices.narrow(0, first, count)};
}

FeatureRows read_rows(const weights::StateSource& source, at::ScalarType dtype, int64_t channels) {
  const weights::TensorInfo* kept = source.find("features");
  const int64_t rows = kept->shape.empty() ? 0 : kept->shape[0];
  const at::Tensor vectors = read_checked(source, "features", dtype, {rows, channels});
  // Files of earlier versions have no indices.
  return {vectors, read_checked(source, "labels", at::kLong, {rows}),
          source.find("indices") == nullptr ? at::arange(rows)
                                            : read_checked(source, "indices", at::kLong, {rows})};
}

void require_images(int64_t count, const std::filesystem::path& file) {
  if (count != 0) return;
  throw ConfigurationError(
      "there is no image to write feature statistics of",
      {.expected = "an image at least", .found = "none", .where = file.string()});
}

template <typename Member>
at::Tensor joined(const std::vector<FeatureRows>& rows, Member member) {
  std::vector<at::Tensor> parts;
  for (const FeatureRows& some : rows) parts.push_back(some.*member);
  return at::cat(parts);
}

// Statistics that others publish, of float32 or float64.
at::Tensor read_published(const weights::StateSource& source, const char* name, int64_t channels,
                          int64_t axes) {
  const at::Tensor tensor = source.read(name);
  const std::string where = source.path().string() + ": " + name;
  const std::vector<int64_t> shape(static_cast<size_t>(axes), channels);
  if (!tensor.is_floating_point() || tensor.sizes().vec() != shape)
    throw WeightsError(
        "published statistics do not fit: mu is a vector and sigma its square",
        {.expected = std::string(name) + " of floats " + shape_text(shape),
         .found = c10::toString(tensor.scalar_type()) + shape_text(tensor.sizes().vec()),
         .where = source.path().string()});
  check_finite(tensor, where);
  return tensor.to(at::kDouble).clone();
}

}  // namespace

at::Tensor Moments::covariance() const {
  return count == kUnknownCount ? scatter : scatter / static_cast<double>(count - 1);
}

Moments moments_of(const at::Tensor& vectors) {
  const AllProcessors same_sums;
  const at::Tensor x = vectors.to(at::kDouble);  // (N, C)
  const at::Tensor mean = x.mean(0);
  const at::Tensor centred = x - mean;
  return {x.size(0), mean, at::matmul(centred.t(), centred)};
}

Moments merged(const Moments& a, const Moments& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const double count = static_cast<double>(a.count + b.count);
  const double share = static_cast<double>(b.count) / count;
  const at::Tensor apart = b.mean - a.mean;
  return {a.count + b.count, a.mean + share * apart,
          a.scatter + b.scatter + static_cast<double>(a.count) * share * at::outer(apart, apart)};
}

void check_one_encoder(int64_t reference_length, int64_t test_length) {
  if (reference_length == test_length) return;
  throw ShapeError("the features of reference and test are not of one encoder",
                   {.expected = std::to_string(reference_length) + " channels as in the reference",
                    .found = std::to_string(test_length),
                    .where = "test"});
}

PooledFeatures::PooledFeatures(int64_t kept) : kept_(kept) {
  if (kept >= 0) return;
  throw ConfigurationError(
      "a set cannot keep fewer than no vectors",
      {.expected = "0 or more", .found = std::to_string(kept), .where = "kept"});
}

void PooledFeatures::check_length(int64_t channels) const {
  const int64_t before = moments_.mean.defined() ? moments_.mean.size(0)
                         : !block_.empty()       ? block_.front().size(1)
                         : !rows_.empty()        ? rows_.front().vectors.size(1)
                                                 : channels;
  if (channels > 0 && channels <= kLongestFeature && channels == before) return;
  throw ShapeError(
      "feature vectors must all be of one length, and not too long: pool them, or make pictures "
      "smaller",
      {.expected =
           before == channels ? "1 to " + std::to_string(kLongestFeature) : std::to_string(before),
       .found = std::to_string(channels),
       .where = "features"});
}

void PooledFeatures::check_countable(const std::string& file) const {
  if (count_ != kUnknownCount) return;
  throw ConfigurationError(
      "statistics that do not say of how many images they are cannot be added to: use them alone",
      {.expected = "a file of svgfrechet", .found = "mu and sigma", .where = file});
}

// Sums grow by whole blocks of images, so that they do not depend on how images arrive.
void PooledFeatures::add_to_moments(const at::Tensor& vectors) {
  for (int64_t at = 0; at < vectors.size(0);) {
    const int64_t some = std::min(kBlockRows - in_block_, vectors.size(0) - at);
    block_.push_back(vectors.narrow(0, at, some).clone());
    in_block_ += some;
    at += some;
    if (in_block_ < kBlockRows) continue;
    moments_ = merged(moments_, moments_of(at::cat(block_)));
    block_.clear();
    in_block_ = 0;
  }
}

void PooledFeatures::keep(const FeatureRows& rows) {
  const int64_t more = std::min(kept_ - held_, rows.labels.size(0));
  if (more <= 0) return;
  const FeatureRows some = part_of(rows, 0, more);
  rows_.push_back({some.vectors.to(kept_dtype(), /*non_blocking=*/false, /*copy=*/true),
                   some.labels.clone(), some.indices.clone()});
  held_ += more;
}

void PooledFeatures::add_rows(const FeatureRows& rows) {
  check_length(rows.vectors.size(1));
  check_countable("features");
  if (kept_dtype() != at::kDouble) add_to_moments(rows.vectors);
  keep(rows);
  count_ += rows.labels.size(0);
}

void PooledFeatures::add(const Tensor& features, std::span<const int64_t> labels,
                         std::span<const int64_t> indices) {
  const auto images = static_cast<int64_t>(labels.size());
  engine::check_shape("the features", features, {images, engine::kAnySize, engine::kAnySize});
  engine::check_floating("the features", features);
  if (!indices.empty() && indices.size() != labels.size())
    throw ShapeError("each image has an index, or none has",
                     {.expected = std::to_string(images),
                      .found = std::to_string(indices.size()),
                      .where = "indices"});
  check_length(features.size(2));
  if (labels.empty()) return;
  runtime::Worker::instance().run([&] {
    const at::Tensor vectors =
        to_torch(features).to(at::kCPU, at::kDouble).mean(1);  // (N, C) of (N, T, C)
    check_finite(vectors, "features");
    const auto tensor = [](std::span<const int64_t> numbers) {
      return at::tensor(at::ArrayRef<int64_t>(numbers.data(), numbers.size()));
    };
    add_rows({vectors, tensor(labels),
              indices.empty() ? at::arange(count_, count_ + images) : tensor(indices)});
  });
}

void PooledFeatures::merge_statistics(const weights::StateSource& source) {
  const at::Tensor mean = source.read("mu");
  const int64_t channels = mean.dim() == 1 ? mean.size(0) : 0;
  check_length(channels);
  Moments found{kUnknownCount, read_published(source, "mu", channels, 1),
                read_published(source, "sigma", channels, 2)};
  if (!at::allclose(found.scatter, found.scatter.t(), 1e-5, 1e-8))
    throw WeightsError("published statistics do not fit: a covariance is symmetric",
                       {.expected = "sigma as its own transpose",
                        .found = "another",
                        .where = source.path().string()});
  if (count_ != 0)
    throw ConfigurationError(
        "statistics that do not say of how many images they are cannot be added to others",
        {.expected = "a file of svgfrechet",
         .found = "mu and sigma",
         .where = source.path().string()});
  moments_ = std::move(found);
  count_ = kUnknownCount;
}

void PooledFeatures::merge(const std::filesystem::path& file) {
  check_countable(file.string());
  const auto source = weights::open_weights(file);
  if (source->find("mu") != nullptr) return merge_statistics(*source);
  const int64_t count = read_checked(*source, "count", at::kLong, {1}).item<int64_t>();
  const at::Tensor mean = source->read("mean");
  const int64_t channels = mean.dim() == 1 ? mean.size(0) : 0;
  check_length(channels);
  if (count < 1)
    throw WeightsError("a file of feature statistics is of no image",
                       {.expected = "a count of 1 or more",
                        .found = std::to_string(count),
                        .where = file.string()});
  // The covariance of one image has no numbers: it is written as 0.
  const Moments moments{count, read_checked(*source, "mean", at::kDouble, {channels}).clone(),
                        read_checked(*source, "covariance", at::kDouble, {channels, channels}) *
                            static_cast<double>(count - 1)};
  if (source->find("features") != nullptr) keep(read_rows(*source, at::kFloat, channels));
  moments_ = merged(moments_, moments);
  count_ += count;
}

Moments PooledFeatures::moments() const {
  return block_.empty() ? moments_ : merged(moments_, moments_of(at::cat(block_)));
}

FeatureRows PooledFeatures::kept_rows() const {
  const int64_t channels = moments_.mean.defined() ? moments_.mean.size(0)
                           : !block_.empty()       ? block_.front().size(1)
                                                   : 0;
  if (rows_.empty())
    return {at::empty({0, channels}), at::empty({0}, at::kLong), at::empty({0}, at::kLong)};
  return {joined(rows_, &FeatureRows::vectors), joined(rows_, &FeatureRows::labels),
          joined(rows_, &FeatureRows::indices)};
}

void PooledFeatures::save(const std::filesystem::path& file) const {
  require_images(count_, file);
  check_countable(file.string());
  const Moments all = moments();
  const FeatureRows kept = kept_rows();
  weights::write_safetensors(
      file, {{"count", at::full({1}, all.count, at::kLong)},
             {"mean", all.mean},
             {"covariance", all.count > 1 ? all.covariance() : at::zeros_like(all.scatter)},
             {"features", kept.vectors},
             {"labels", kept.labels},
             {"indices", kept.indices}});
}

FeaturePart::FeaturePart() : PooledFeatures(std::numeric_limits<int64_t>::max()) {}

void FeaturePart::merge(const std::filesystem::path& file) {
  throw ConfigurationError(
      "a process of several writes the images that it was given: merge files afterwards",
      {.expected = "no file to merge", .found = file.string(), .where = "merge"});
}

void FeaturePart::save(const std::filesystem::path& file) const {
  require_images(images(), file);
  const FeatureRows all = kept_rows();
  weights::write_safetensors(
      file, {{"features", all.vectors}, {"labels", all.labels}, {"indices", all.indices}});
}

std::unique_ptr<PooledFeatures> join_parts(int64_t kept,
                                           std::span<const std::filesystem::path> parts) {
  std::vector<FeatureRows> all;
  for (const std::filesystem::path& file : parts) {
    const auto source = weights::open_weights(file);
    const weights::TensorInfo* features = source->find("features");
    if (features == nullptr || features->dtype != at::kDouble || features->shape.size() != 2)
      throw WeightsError(
          "this is no part of a set of features: it is written by one of several "
          "processes",
          {.expected = "features as float64 (N, C)", .found = "none", .where = file.string()});
    all.push_back(read_rows(*source, at::kDouble, features->shape[1]));
    check_one_encoder(all.front().vectors.size(1), features->shape[1]);
  }
  auto set = std::make_unique<PooledFeatures>(kept);
  if (all.empty()) return set;
  const FeatureRows rows{joined(all, &FeatureRows::vectors), joined(all, &FeatureRows::labels),
                         joined(all, &FeatureRows::indices)};
  const at::Tensor order = rows.indices.argsort();
  const at::Tensor sorted = rows.indices.index({order});
  const int64_t count = sorted.size(0);
  const at::Tensor twice = sorted.narrow(0, 1, count - 1).eq(sorted.narrow(0, 0, count - 1));
  if (twice.any().item<bool>())
    throw ConfigurationError(
        "two parts have the same image: are they of two launches?",
        {.expected = "each index once",
         .found = std::to_string(sorted[twice.to(at::kInt).argmax()].item<int64_t>()) + " twice",
         .where = parts.front().string()});
  set->add_rows({rows.vectors.index({order}), rows.labels.index({order}), sorted});
  return set;
}

}  // namespace svgen::eval
