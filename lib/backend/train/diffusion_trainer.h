// SPDX-License-Identifier: MIT
// The trainer of phase 2.
#pragma once

#include <memory>
#include <optional>

#include "diffusion/process.h"
#include "engine/decoder.h"
#include "engine/latent_normalizer.h"
#include "models/projector/projector.h"
#include "train/diffusion_step.h"
#include "train/trainer_base.h"

namespace svgen::train {

class ModelDiffusionTrainer : public TrainerBase<DiffusionTrainer> {
 public:
  /// The card, device and dtype are resolved already.
  ModelDiffusionTrainer(const DiffusionOptions& options, Card card, Device device, DType dtype);

  Picture sample_sheet() override;
  TrainReport train(const Tensor& latents, std::span<const int64_t> labels,
                    std::span<const int64_t> indices, const Tensor& features) override;

 private:
  void initialize();
  void initialize_networks();
  void visit(const nn::StateScope& state);
  void check(const Tensor& latents, std::span<const int64_t> labels,
             std::span<const int64_t> indices, const Tensor& features) const;
  at::Tensor data(const Tensor& latents) const;  // (N, T, C), normalised
  Metrics accumulate_gradients(const Tensor& latents, std::span<const int64_t> labels,
                               std::span<const int64_t> indices, const Tensor& features);
  at::Tensor sample_latents(const std::vector<int64_t>& classes);

  DiffusionOptions options_;
  ModelInfo info_;
  LatentSpec latent_;
  engine::LatentNormalizer normalizer_;
  std::unique_ptr<models::Denoiser> model_;
  diffusion::Process process_;
  diffusion::Objective objective_;
  std::optional<models::Projector> projector_;
  std::unique_ptr<engine::ModelDecoder> decoder_;
};

}  // namespace svgen::train
