// SPDX-License-Identifier: MIT
// The model's latent statistics on the engine's device.
#pragma once

#include <optional>

#include "engine/model_files.h"
#include "latent/stats_file.h"
#include "runtime/lazy.h"
#include "runtime/runtime.h"

namespace svgen::engine {

/// Read at the first use of either; both arguments must outlive this.
class LatentNormalizer {
 public:
  LatentNormalizer(const ModelFiles& files, runtime::Runtime& runtime)
      : files_(files), runtime_(runtime) {}

  /// (z - mean) / std and back, per channel of (N, T, C) float32. To be called inside run(), after
  /// load().
  at::Tensor normalize(const at::Tensor& latents) const;
  at::Tensor denormalize(const at::Tensor& latents) const;

  /// Whether the card says how to normalise.
  bool is_known() const {
    return files_.card().scaling_factor > 0 || files_.names(ModelPart::kStatistics);
  }

  /// ConfigurationError when the card names no statistics, or they have another number of channels.
  /// Those of single elements also need as many cells.
  void load(int64_t channels, int64_t cells);

  /// The scalars of the card, else of its statistics file, else nothing.
  std::optional<AlignmentScalars> alignment();

 private:
  const latent::LatentStatistics& values() const;

  const ModelFiles& files_;
  runtime::Runtime& runtime_;
  mutable runtime::Lazy<latent::LatentStatistics> values_;
  runtime::Lazy<std::optional<AlignmentScalars>> alignment_;
};

}  // namespace svgen::engine
