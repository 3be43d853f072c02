// SPDX-License-Identifier: MIT
// The trainer of phase 2.
#pragma once

#include <memory>

#include "engine/decoder.h"
#include "engine/latent_normalizer.h"
#include "train/diffusion_step.h"
#include "train/trainer_base.h"

namespace svgen::train {

class ModelDiffusionTrainer : public TrainerBase<DiffusionTrainer> {
 public:
  /// The card, device and dtype are resolved already.
  ModelDiffusionTrainer(const DiffusionOptions& options, Card card, Device device, DType dtype);

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
  ModelInfo info_;
  LatentSpec latent_;
  engine::LatentNormalizer normalizer_;
  models::Dit model_;
  std::unique_ptr<engine::ModelDecoder> decoder_;
};

}  // namespace svgen::train
