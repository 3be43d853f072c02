// SPDX-License-Identifier: MIT
// The trainer of phase 1.
#pragma once

#include <memory>

#include "roles/model_files.h"
#include "roles/runtime.h"
#include "svgen/trainer.h"
#include "train/autoencoder_step.h"
#include "train/training_run.h"

namespace svgen::train {

class ModelAutoencoderTrainer : public AutoencoderTrainer {
 public:
  /// The card, device and dtype are resolved already.
  ModelAutoencoderTrainer(const AutoencoderOptions& options, Card card, Device device, DType dtype);

  TrainReport report() const override { return run_.report(); }
  std::filesystem::path save() override;
  void finish() override;
  Picture sample_sheet() override;
  TrainReport train(std::span<const ImageView> images, std::span<const int64_t> indices) override;

 private:
  void initialize();
  void initialize_networks();
  AutoencoderBatch batch(std::span<const ImageView> images, std::span<const int64_t> indices) const;

  AutoencoderOptions options_;
  roles::ModelFiles files_;
  at::ScalarType dtype_;
  roles::Runtime runtime_;
  std::unique_ptr<AutoencoderModel> model_;
  TrainingRun run_;
  Side* discriminator_ = nullptr;
  AutoencoderLeaves leaves_;
  PerceptualDistance perceptual_;
  AutoencoderBatch last_;  // for the sheet
};

}  // namespace svgen::train
