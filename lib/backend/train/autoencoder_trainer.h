// SPDX-License-Identifier: MIT
// The trainer of phase 1.
#pragma once

#include <memory>

#include "train/autoencoder_step.h"
#include "train/trainer_base.h"

namespace svgen::train {

class ModelAutoencoderTrainer : public TrainerBase<AutoencoderTrainer> {
 public:
  /// The card, device and dtype are resolved already.
  ModelAutoencoderTrainer(const AutoencoderOptions& options, Card card, Device device, DType dtype);

  Picture sample_sheet() override;
  TrainReport train(std::span<const ImageView> images, std::span<const int64_t> indices) override;

 private:
  void initialize();
  void draw_networks();
  void load_networks();
  void load_frozen(models::FeatureEncoder& encoder, const engine::ModelFiles& files);
  PerceptualDistance perceptual() const;
  AutoencoderBatch batch(std::span<const ImageView> images, std::span<const int64_t> indices) const;

  AutoencoderOptions options_;
  std::unique_ptr<AutoencoderModel> model_;
  ParameterGroup* discriminator_ = nullptr;
  AutoencoderLeaves leaves_;
  PerceptualDistance perceptual_;
  AutoencoderBatch last_;  // for the sheet
};

}  // namespace svgen::train
