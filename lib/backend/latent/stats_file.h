// SPDX-License-Identifier: MIT
// The statistics file: latent mean and deviation as published, the alignment scalars, and the exact
// sums behind them, so that files of parts of a dataset merge.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <optional>

#include "latent/stats.h"
#include "svgen/card.h"
#include "weights/file_layout.h"
#include "weights/state_source.h"

namespace svgen::latent {

/// Tensors "dinov3_sp_mean" and "dinov3_sp_std", or "mean" and "std", (C) float32; or "mean" and
/// "var" of each element as RAE publishes them, (C, h, w), here (T, C): std = sqrt(var + 1e-5).
struct LatentStatistics {
  at::Tensor mean, std;

  int64_t channels() const { return mean.size(-1); }
  /// The cells that have values of their own; 1: all share them.
  int64_t cells() const { return mean.dim() == 2 ? mean.size(0) : 1; }
};

extern const weights::Spelling kStatisticsSpelling;

/// WeightsError when a tensor is missing, misshapen, not finite or a deviation is not positive.
LatentStatistics read_statistics(const weights::StateSource& source);

/// "semantic_mean", "semantic_std", "residual_mean", "residual_std", each of one element; nothing
/// when the file has none of them. WeightsError when it has some only or they are no numbers.
std::optional<AlignmentScalars> read_alignment(const weights::StateSource& source);

/// Holds what was recorded: the two feature maps before alignment, or finished latents.
struct RecordedSums {
  int64_t images = 0;
  std::optional<ChannelSums> semantic, residual, latent;
};

/// WeightsError when the file holds no sums, or contradictory ones.
RecordedSums read_sums(const weights::StateSource& source);

/// The four scalars of recorded features.
AlignmentScalars recorded_alignment(const RecordedSums& sums);

/// Mean and deviation of the latents; of recorded features, as if aligned with their scalars: the
/// alignment is affine, so its effect on a channel's mean and deviation is known.
LatentStatistics recorded_statistics(const RecordedSums& sums);

/// Writes all of the above, atomically and free of timestamps. ConfigurationError with fewer than
/// two tokens, or a channel that never varies: its deviation 0 could not be divided by.
void write_statistics(const std::filesystem::path& file, const RecordedSums& sums);

}  // namespace svgen::latent
