// SPDX-License-Identifier: MIT
// The running sums behind svgstats.
#include "engine/recorder.h"

#include <utility>

#include "engine/shapes.h"
#include "interop/tensor.h"
#include "svgen/error.h"

namespace svgen::engine {
namespace {

using latent::ChannelSums;
using latent::RecordedSums;

void check_tokens(const std::string& what, const Tensor& tokens, const Shape& shape) {
  check_shape(what, tokens, shape);
  check_floating(what, tokens);
}

ChannelSums sums_of(const Tensor& tokens) {
  ChannelSums sums(tokens.size(2));
  sums.add(to_torch(tokens));
  return sums;
}

// All or nothing: the result is a new value.
RecordedSums merged(RecordedSums sums, const RecordedSums& more) {
  if (!sums.semantic && !sums.latent) return more;
  if (sums.latent.has_value() != more.latent.has_value()) {
    throw ConfigurationError(
        "statistics are of features or of latents, not of both: record them apart",
        {.expected = sums.latent ? "latents" : "features",
         .found = more.latent ? "latents" : "features",
         .where = "svgstats"});
  }
  sums.images += more.images;
  for (const auto member :
       {&RecordedSums::semantic, &RecordedSums::residual, &RecordedSums::latent})
    if (sums.*member) (sums.*member)->merge(*(more.*member));
  return sums;
}

}  // namespace

void SumsRecorder::add_features(const Tensor& semantic, const Tensor& residual) {
  check_tokens("the semantic features", semantic, {kAnySize, kAnySize, kAnySize});
  check_tokens("the residual features", residual, {semantic.size(0), semantic.size(1), kAnySize});
  sums_ = merged(sums_, {semantic.size(0), sums_of(semantic), sums_of(residual), std::nullopt});
}

void SumsRecorder::add_latents(const Tensor& latents) {
  check_tokens("the latents", latents, {kAnySize, kAnySize, kAnySize});
  sums_ = merged(sums_, {latents.size(0), std::nullopt, std::nullopt, sums_of(latents)});
}

void SumsRecorder::merge(const std::filesystem::path& file) {
  sums_ = merged(sums_, latent::read_sums(*weights::open_weights(file)));
}

void SumsRecorder::save(const std::filesystem::path& file) const {
  latent::write_statistics(file, sums_);
}

}  // namespace svgen::engine
