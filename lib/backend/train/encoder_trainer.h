// SPDX-License-Identifier: MIT
// The trainer of the encoder.
#pragma once

#include "svgen/picture.h"
#include "train/encoder_step.h"
#include "train/trainer_base.h"

namespace svgen::train {

class ModelEncoderTrainer : public TrainerBase<EncoderTrainer> {
 public:
  /// The card, device and dtype are resolved already.
  ModelEncoderTrainer(const EncoderOptions& options, Card card, Device device, DType dtype);

  Picture sample_sheet() override;
  TrainReport train(std::span<const ImageView> images, std::span<const int64_t> labels,
                    std::span<const int64_t> indices) override;

 private:
  void initialize();
  void check(std::span<const ImageView> images, std::span<const int64_t> labels,
             std::span<const int64_t> indices) const;
  EncoderBatch batch(std::span<const ImageView> images, std::span<const int64_t> labels,
                     std::span<const int64_t> indices) const;
  /// The teacher's targets; moves the centres.
  void teach_batch(const EncoderBatch& batch, TeacherView (&targets)[2]);
  at::Tensor targets_of(const at::Tensor& scores, at::Tensor& centre) const;
  int64_t native_size() const { return files_.card().grid.width * files_.card().patch; }

  EncoderOptions options_;
  EncoderModel model_;
  at::Tensor class_centre_, patch_centre_;  // (1, K)
  std::vector<Picture> shown_;              // for the sheet
};

}  // namespace svgen::train
