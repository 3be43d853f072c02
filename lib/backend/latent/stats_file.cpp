// SPDX-License-Identifier: MIT
// The statistics file: reading, deriving and writing.
#include "latent/stats_file.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "latent/match.h"
#include "svgen/error.h"
#include "svgen/tensor.h"
#include "weights/safetensors.h"

namespace svgen::latent {
namespace {

using weights::KeyRule;
using enum weights::KeyNeed;

constexpr KeyRule kStatisticsRules[] = {
    {"dinov3_sp_mean", nullptr},
    {"dinov3_sp_std", nullptr},
    {"semantic_mean", nullptr, kOptional},  // the alignment scalars, where they were measured
    {"semantic_std", nullptr, kOptional},
    {"residual_mean", nullptr, kOptional},
    {"residual_std", nullptr, kOptional},
    {"svgstats.*", nullptr, kOptional},  // the sums that partial files are merged by
};

// As VA-VAE and RAE publish theirs.
constexpr KeyRule kPlainRules[] = {
    {"mean", nullptr},
    {"std", nullptr, kOptional},
    {"var", nullptr, kOptional},
    {"mean_cls_token", nullptr, kOptional},
    {"var_cls_token", nullptr, kOptional},
};

constexpr weights::KeyFamily kFamilies[] = {
    {"latent statistics", "", kStatisticsRules},
    {"latent statistics under plain names", "", kPlainRules},
};

constexpr const char* kMean = "dinov3_sp_mean";
constexpr const char* kStd = "dinov3_sp_std";
constexpr const char* kImages = "svgstats.images";
constexpr const char* kTokens = "svgstats.tokens";

struct ScalarRow {
  const char* name;
  double AlignmentScalars::*member;
};
constexpr ScalarRow kScalars[] = {{"semantic_mean", &AlignmentScalars::semantic_mean},
                                  {"semantic_std", &AlignmentScalars::semantic_std},
                                  {"residual_mean", &AlignmentScalars::residual_mean},
                                  {"residual_std", &AlignmentScalars::residual_std}};

struct SumsRow {
  const char* name;
  std::optional<ChannelSums> RecordedSums::*member;
};
constexpr SumsRow kSums[] = {{"svgstats.semantic_sums", &RecordedSums::semantic},
                             {"svgstats.residual_sums", &RecordedSums::residual},
                             {"svgstats.latent_sums", &RecordedSums::latent}};

[[noreturn]] void throw_unfit(const weights::StateSource& source, const std::string& expected,
                              const std::string& found) {
  throw WeightsError("a statistics file does not fit: write it anew with svgstats",
                     {.expected = expected, .found = found, .where = source.path().string()});
}

// (C) float32 of a tensor of any shape with one dimension larger than one.
at::Tensor read_vector(const weights::StateSource& source, const char* name, bool is_deviation) {
  // A copy, which outlives a file that is cut short.
  const at::Tensor values = source.read(name).flatten().to(at::kFloat).clone();
  const float* data = values.const_data_ptr<float>();
  for (int64_t c = 0; c < values.numel(); ++c) {
    if (std::isfinite(data[c]) && (!is_deviation || data[c] > 0)) continue;
    throw_unfit(source, std::string(name) + " finite, deviations positive",
                std::to_string(data[c]) + " in channel " + std::to_string(c));
  }
  return values;
}

int64_t read_count(const weights::StateSource& source, const char* name) {
  const at::Tensor count = source.read(name);
  if (count.numel() != 1 || count.scalar_type() != at::kLong)
    throw_unfit(source, std::string(name) + " as one int64", "another shape or dtype");
  return count.item<int64_t>();
}

// (T, C) of a tensor (C, h, w), perhaps of a batch of one.
at::Tensor read_map(const weights::StateSource& source, const char* name, bool is_deviation) {
  const std::vector<int64_t> shape = source.read(name).sizes().vec();
  if (shape.size() < 3)
    throw_unfit(source, std::string(name) + " of each element, [C, h, w]", shape_text(shape));
  const int64_t channels = shape[shape.size() - 3];
  return read_vector(source, name, is_deviation).view({channels, -1}).t().contiguous();
}

LatentStatistics read_elements(const weights::StateSource& source) {
  constexpr double kEps = 1e-5;
  const at::Tensor variance = read_map(source, "var", /*is_deviation=*/false) + kEps;
  if (variance.min().item<float>() <= 0)
    throw_unfit(source, "variances of 0 or more", std::to_string(variance.min().item<float>()));
  return {read_map(source, "mean", /*is_deviation=*/false), variance.sqrt()};
}

}  // namespace

constinit const weights::Spelling kStatisticsSpelling = {.network = "statistics",
                                                         .families = kFamilies};

LatentStatistics read_statistics(const weights::StateSource& source) {
  if (source.find("var") != nullptr) return read_elements(source);
  // Other systems publish them under plain names.
  const bool is_plain = source.find(kMean) == nullptr && source.find("mean") != nullptr;
  LatentStatistics statistics{
      read_vector(source, is_plain ? "mean" : kMean, /*is_deviation=*/false),
      read_vector(source, is_plain ? "std" : kStd, /*is_deviation=*/true)};
  if (statistics.std.numel() != statistics.mean.numel()) {
    throw_unfit(
        source, "as many deviations as means",
        std::to_string(statistics.std.numel()) + " and " + std::to_string(statistics.mean.numel()));
  }
  return statistics;
}

std::optional<AlignmentScalars> read_alignment(const weights::StateSource& source) {
  AlignmentScalars scalars;
  size_t found = 0;
  for (const auto& [name, member] : kScalars) {
    if (source.find(name) == nullptr) continue;
    const at::Tensor value = source.read(name);
    if (value.numel() != 1 || !std::isfinite(value.to(at::kDouble).item<double>()))
      throw_unfit(source, std::string(name) + " as one finite number", "something else");
    scalars.*member = value.to(at::kDouble).item<double>();
    ++found;
  }
  if (found == 0) return std::nullopt;
  if (found != std::size(kScalars)) {
    throw_unfit(source, "all of semantic_mean, semantic_std, residual_mean, residual_std",
                std::to_string(found) + " of them");
  }
  return scalars;
}

RecordedSums read_sums(const weights::StateSource& source) {
  if (source.find(kTokens) == nullptr || source.find(kImages) == nullptr)
    throw_unfit(source, "the running sums that svgstats keeps (svgstats.*)", "none");
  RecordedSums sums;
  sums.images = read_count(source, kImages);
  const int64_t tokens = read_count(source, kTokens);
  for (const auto& [name, member] : kSums) {
    if (source.find(name) == nullptr) continue;
    sums.*member = ChannelSums::from_words(source.read(name), tokens);
  }
  const bool features = sums.semantic && sums.residual && !sums.latent;
  const bool latents = !sums.semantic && !sums.residual && sums.latent;
  if ((!features && !latents) || sums.images < 0)
    throw_unfit(source, "sums of both features or of latents", "another selection");
  return sums;
}

AlignmentScalars recorded_alignment(const RecordedSums& sums) {
  return {sums.semantic->averaged_mean(), sums.semantic->averaged_deviation(),
          sums.residual->averaged_mean(), sums.residual->averaged_deviation()};
}

LatentStatistics recorded_statistics(const RecordedSums& sums) {
  std::vector<double> mean, deviation;
  const auto append = [&](const ChannelSums& channels, double from, double scale, double to) {
    for (int64_t c = 0; c < channels.channels(); ++c) {
      mean.push_back((channels.mean(c) - from) * scale + to);
      deviation.push_back(channels.deviation(c) * scale);
    }
  };
  if (sums.latent) {
    append(*sums.latent, 0, 1, 0);
  } else {
    const AlignmentScalars scalars = recorded_alignment(sums);
    append(*sums.semantic, 0, 1, 0);
    append(*sums.residual, scalars.residual_mean, match_scale(scalars), scalars.semantic_mean);
  }
  const auto vector = [](const std::vector<double>& values) {
    at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kFloat);
    for (size_t c = 0; c < values.size(); ++c)
      tensor.mutable_data_ptr<float>()[c] = static_cast<float>(values[c]);
    return tensor;
  };
  return {vector(mean), vector(deviation)};
}

void write_statistics(const std::filesystem::path& file, const RecordedSums& sums) {
  const std::optional<ChannelSums>& any = sums.latent ? sums.latent : sums.semantic;
  if (!any || any->count() < 2) {
    throw ConfigurationError("statistics need two tokens at least: record images first",
                             {.expected = "2 tokens or more",
                              .found = std::to_string(any ? any->count() : 0),
                              .where = file.string()});
  }
  const LatentStatistics statistics = recorded_statistics(sums);
  for (int64_t c = 0; c < statistics.channels(); ++c) {
    if (statistics.std.const_data_ptr<float>()[c] > 0) continue;
    throw ConfigurationError(
        "a channel never varies, so latents cannot be normalised by it: "
        "record more or other images",
        {.expected = "a positive deviation",
         .found = "0 in channel " + std::to_string(c),
         .where = file.string()});
  }
  const int64_t channels = statistics.channels();
  std::vector<std::pair<std::string, at::Tensor>> tensors = {
      {kMean, statistics.mean.view({1, 1, channels})},
      {kStd, statistics.std.view({1, 1, channels})},
      {kImages, at::full({1}, sums.images, at::kLong)},
      {kTokens, at::full({1}, any->count(), at::kLong)}};
  for (const auto& [name, member] : kSums)
    if (sums.*member) tensors.emplace_back(name, (sums.*member)->words());
  if (!sums.latent) {
    const AlignmentScalars scalars = recorded_alignment(sums);
    for (const auto& [name, member] : kScalars)
      tensors.emplace_back(name, at::full({1}, scalars.*member, at::kDouble));
  }
  weights::write_safetensors(file, tensors);
}

}  // namespace svgen::latent
