// SPDX-License-Identifier: MIT
// Collecting feature vectors.
#include "eval/pooled_features.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <string>

#include "engine/shapes.h"
#include "interop/tensor.h"
#include "runtime/worker.h"
#include "svgen/error.h"
#include "weights/safetensors.h"

namespace svgen::eval {
namespace {

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

}  // namespace

at::Tensor Moments::covariance() const {
  return scatter / static_cast<double>(count - 1);
}

Moments moments_of(const at::Tensor& vectors) {
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
  const int64_t before = moments_.count > 0 ? moments_.mean.size(0) : channels;
  if (channels > 0 && channels <= kLongestFeature && channels == before) return;
  throw ShapeError(
      "feature vectors must all be of one length, and not too long: pool them, or make pictures "
      "smaller",
      {.expected =
           before == channels ? "1 to " + std::to_string(kLongestFeature) : std::to_string(before),
       .found = std::to_string(channels),
       .where = "features"});
}

void PooledFeatures::take(const Moments& moments, const at::Tensor& vectors,
                          const at::Tensor& labels) {
  moments_ = merged(moments_, moments);
  const int64_t more = std::min(kept_ - held_, vectors.size(0));
  if (more <= 0) return;
  vectors_.push_back(vectors.narrow(0, 0, more).clone());
  labels_.push_back(labels.narrow(0, 0, more).clone());
  held_ += more;
}

void PooledFeatures::add(const Tensor& features, std::span<const int64_t> labels) {
  engine::check_shape("the features", features,
                      {static_cast<int64_t>(labels.size()), engine::kAnySize, engine::kAnySize});
  engine::check_floating("the features", features);
  check_length(features.size(2));
  if (labels.empty()) return;
  runtime::Worker::instance().run([&] {
    const at::Tensor vectors =
        to_torch(features).to(at::kCPU, at::kDouble).mean(1);  // (N, C) of (N, T, C)
    check_finite(vectors, "features");
    const at::Tensor classes = at::tensor(at::ArrayRef<int64_t>(labels.data(), labels.size()));
    take(moments_of(vectors), vectors.to(at::kFloat), classes);
  });
}

void PooledFeatures::merge(const std::filesystem::path& file) {
  const auto source = weights::open_weights(file);
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
  const weights::TensorInfo* kept = source->find("features");
  const int64_t rows = kept != nullptr && !kept->shape.empty() ? kept->shape[0] : 0;
  if (kept == nullptr) {
    take(moments, at::empty({0, channels}), at::empty({0}, at::kLong));
    return;
  }
  take(moments, read_checked(*source, "features", at::kFloat, {rows, channels}),
       read_checked(*source, "labels", at::kLong, {rows}));
}

at::Tensor PooledFeatures::vectors() const {
  const int64_t channels = moments_.count > 0 ? moments_.mean.size(0) : 0;
  return vectors_.empty() ? at::empty({0, channels}) : at::cat(vectors_);
}

at::Tensor PooledFeatures::labels() const {
  return labels_.empty() ? at::empty({0}, at::kLong) : at::cat(labels_);
}

void PooledFeatures::save(const std::filesystem::path& file) const {
  if (moments_.count == 0)
    throw ConfigurationError(
        "there is no image to write feature statistics of",
        {.expected = "an image at least", .found = "none", .where = file.string()});
  const at::Tensor covariance =
      moments_.count > 1 ? moments_.covariance() : at::zeros_like(moments_.scatter);
  weights::write_safetensors(file, {{"count", at::full({1}, moments_.count, at::kLong)},
                                    {"mean", moments_.mean},
                                    {"covariance", covariance},
                                    {"features", vectors()},
                                    {"labels", labels()}});
}

}  // namespace svgen::eval
