// SPDX-License-Identifier: MIT
// Features to latents: alignment, concatenation, normalisation.
#include "engine/aligner.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>

#include "engine/shapes.h"
#include "interop/tensor.h"
#include "latent/match.h"
#include "svgen/error.h"

namespace svgen::engine {
namespace {

int64_t known_or_any(int64_t channels) {
  return channels > 0 ? channels : kAnySize;
}

}  // namespace

void ModelAligner::check(const Tensor& semantic, const Tensor& residual) const {
  check_shape("the semantic features", semantic,
              {kAnySize, kAnySize, known_or_any(info_.semantic_channels)});
  check_floating("the semantic features", semantic);
  if (!info_.has_residual && !residual.defined()) return;
  check_shape("the residual features", residual,
              {semantic.size(0), semantic.size(1), known_or_any(info_.residual_channels)});
  check_floating("the residual features", residual);
}

// (N, T, Cr) residual features as the latent holds them.
at::Tensor ModelAligner::aligned(const at::Tensor& semantic, const at::Tensor& residual,
                                 AlignmentMode mode, const AlignmentScalars& fixed) const {
  switch (mode) {
    case AlignmentMode::kNone:
      return residual;
    case AlignmentMode::kBatch:
      return latent::match_distribution(residual, latent::alignment_scalars(semantic, residual));
    case AlignmentMode::kFrame: {
      at::Tensor result = at::empty_like(residual);
      for (int64_t n = 0; n < residual.size(0); ++n) {
        result[n].copy_(latent::match_distribution(
            residual[n], latent::alignment_scalars(semantic[n], residual[n])));
      }
      return result;
    }
    case AlignmentMode::kAuto:
    case AlignmentMode::kFixed:
      break;
  }
  return latent::match_distribution(residual, fixed);
}

Tensor ModelAligner::align(const Tensor& semantic, const Tensor& residual, AlignmentMode mode,
                           bool normalize) {
  check(semantic, residual);
  const bool has_residual = residual.defined();
  std::optional<AlignmentScalars> fixed;
  if (has_residual && (mode == AlignmentMode::kAuto || mode == AlignmentMode::kFixed)) {
    fixed = normalizer_.alignment();
    if (!fixed && mode == AlignmentMode::kFixed) {
      throw ConfigurationError(
          "statistics=fixed needs the model's alignment scalars: measure them with svgstats, or "
          "use statistics=frame",
          {.expected = "key alignment in the card, or a statistics file that holds them",
           .found = "neither",
           .where = "model"});
    }
    if (!fixed) mode = AlignmentMode::kFrame;
  }
  const int64_t channels = semantic.size(2) + (has_residual ? residual.size(2) : 0);
  if (normalize) normalizer_.load(channels, semantic.size(1));

  at::Tensor latents;
  runtime_.run([&] {
    latents = runtime_.to_device(to_torch(semantic)).to(at::kFloat);
    if (has_residual) {
      const at::Tensor raw = runtime_.to_device(to_torch(residual)).to(at::kFloat);
      const at::Tensor matched = aligned(latents, raw, mode, fixed.value_or(AlignmentScalars{}));
      latents = at::cat({latents, matched}, 2);  // (N, T, Cs + Cr)
    }
    if (normalize) latents = normalizer_.normalize(latents);
  });
  return from_torch(latents);
}

}  // namespace svgen::engine
