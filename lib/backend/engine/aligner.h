// SPDX-License-Identifier: MIT
// Features to latents: alignment, concatenation, normalisation.
#pragma once

#include "engine/latent_normalizer.h"
#include "runtime/runtime.h"

namespace svgen::engine {

class ModelAligner : public Aligner {
 public:
  /// All arguments must outlive this.
  ModelAligner(const ModelInfo& info, LatentNormalizer& normalizer, runtime::Runtime& runtime)
      : info_(info), normalizer_(normalizer), runtime_(runtime) {}

  /// A model without residual branch takes an undefined residual.
  Tensor align(const Tensor& semantic, const Tensor& residual, AlignmentMode mode,
               bool normalize) override;

 private:
  void check(const Tensor& semantic, const Tensor& residual) const;
  at::Tensor aligned(const at::Tensor& semantic, const at::Tensor& residual, AlignmentMode mode,
                     const AlignmentScalars& fixed) const;

  const ModelInfo& info_;
  LatentNormalizer& normalizer_;
  runtime::Runtime& runtime_;
};

}  // namespace svgen::engine
