// SPDX-License-Identifier: MIT
// The trainer of phase 2.
#pragma once

#include <memory>

#include "roles/decoder.h"
#include "roles/model_files.h"
#include "roles/runtime.h"
#include "roles/statistics.h"
#include "svgen/trainer.h"
#include "train/diffusion_step.h"
#include "train/training_run.h"

namespace svgen::train {

class ModelDiffusionTrainer : public DiffusionTrainer {
 public:
  /// The card, device and dtype are resolved already.
  ModelDiffusionTrainer(const DiffusionOptions& options, Card card, Device device, DType dtype);

  TrainReport report() const override { return run_.report(); }
  std::filesystem::path save() override;
  void finish() override;
  Picture sample_sheet() override;
  TrainReport train(const Tensor& latents, std::span<const int64_t> labels,
                    std::span<const int64_t> indices) override;

 private:
  void initialize();
  void check(const Tensor& latents, std::span<const int64_t> labels,
             std::span<const int64_t> indices) const;
  at::Tensor data(const Tensor& latents) const;  // (N, T, C), normalised
  at::Tensor sample_latents(const std::vector<int64_t>& classes);

  DiffusionOptions options_;
  roles::ModelFiles files_;
  at::ScalarType dtype_;
  roles::Runtime runtime_;  // of the decoder and the statistics
  ModelInfo info_;
  roles::ModelStatistics statistics_;
  models::Dit model_;
  TrainingRun run_;
  std::unique_ptr<roles::ModelDecoder> decoder_;
};

}  // namespace svgen::train
