// SPDX-License-Identifier: MIT
// Features to latents: alignment, concatenation, normalisation.
#pragma once

#include "engine/statistics.h"
#include "runtime/runtime.h"

namespace svgen::engine {

class ModelAligner : public Aligner {
 public:
  /// All arguments must outlive this.
  ModelAligner(const ModelInfo& info, ModelStatistics& statistics, runtime::Runtime& runtime)
      : info_(info), statistics_(statistics), runtime_(runtime) {}

  /// A model without residual branch takes an undefined residual.
  Tensor align(const Tensor& semantic, const Tensor& residual, Statistics statistics,
               bool normalize) override;

 private:
  void check(const Tensor& semantic, const Tensor& residual) const;
  at::Tensor aligned(const at::Tensor& semantic, const at::Tensor& residual, Statistics statistics,
                     const AlignmentScalars& fixed) const;

  const ModelInfo& info_;
  ModelStatistics& statistics_;
  runtime::Runtime& runtime_;
};

}  // namespace svgen::engine
