// SPDX-License-Identifier: MIT
// The model's latent statistics on the engine's device.
#include "engine/latent_normalizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "svgen/error.h"

namespace svgen::engine {

const latent::LatentStatistics& LatentNormalizer::values() const {
  return values_.get([this] {
    auto statistics = std::make_unique<latent::LatentStatistics>();
    const double factor = files_.card().scaling_factor;
    if (factor > 0) {
      const at::TensorOptions options = at::device(runtime_.torch_device()).dtype(at::kFloat);
      runtime_.run([&] {
        statistics->mean = at::zeros({1}, options);
        statistics->std = at::full({1}, 1 / factor, options);
      });
      return statistics;
    }
    files_.verify(ModelPart::kStatistics);
    const std::shared_ptr<weights::StateSource> source = files_.open(ModelPart::kStatistics);
    runtime_.run(
        runtime::kLoading,
        [&] {
          *statistics = latent::read_statistics(*source);
          runtime_.count_loaded(
              static_cast<int64_t>(statistics->mean.nbytes() + statistics->std.nbytes()));
          statistics->mean = runtime_.to_device(statistics->mean);
          statistics->std = runtime_.to_device(statistics->std);
        });
    return statistics;
  });
}

void LatentNormalizer::load(int64_t channels, int64_t cells) {
  if (files_.card().scaling_factor > 0) {
    values();
    return;
  }
  if (values().channels() == channels && values().cells() > 1 && values().cells() != cells)
    throw ConfigurationError("the statistics are those of pictures of one size",
                             {.expected = std::to_string(values().cells()) + " cells",
                              .found = std::to_string(cells),
                              .where = files_.card().path.string()});
  if (values().channels() == channels) return;
  throw ConfigurationError("the statistics are not those of this latent: correct \"statistics\"",
                           {.expected = std::to_string(channels) + " channels",
                            .found = std::to_string(values().channels()),
                            .where = files_.card().path.string()});
}

at::Tensor LatentNormalizer::normalize(const at::Tensor& latents) const {
  return (latents - values().mean) / values().std;  // (N, T, C)
}

at::Tensor LatentNormalizer::denormalize(const at::Tensor& latents) const {
  return latents * values().std + values().mean;  // (N, T, C)
}

std::optional<AlignmentScalars> LatentNormalizer::alignment() {
  if (files_.card().alignment) return files_.card().alignment;
  if (!files_.names(ModelPart::kStatistics)) return std::nullopt;
  return alignment_.get([this] {
    return std::make_unique<std::optional<AlignmentScalars>>(
        latent::read_alignment(*files_.open(ModelPart::kStatistics)));
  });
}

}  // namespace svgen::engine
