// SPDX-License-Identifier: MIT
// The base of all trainers: a card's files, their device and precision, and the run of their steps.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "engine/model_files.h"
#include "interop/tensor.h"
#include "runtime/runtime.h"
#include "svgen/trainer.h"
#include "train/training_run.h"

namespace svgen::train {

/// `Interface` is AutoencoderTrainer, DiffusionTrainer or EncoderTrainer.
template <typename Interface>
class TrainerBase : public Interface {
 public:
  TrainReport report() const override { return run_.report(); }

  std::filesystem::path save() override {
    std::filesystem::path saved;
    runtime_.run_recording([&] { saved = run_.save(); });
    return saved;
  }

  void finish() override {
    runtime_.run_recording([&] { run_.agree(false); });
  }

 protected:
  /// Steps compute in `dtype`, what else runs on the runtime in `runtime_dtype`.
  TrainerBase(std::string kind, const TrainerOptions& options, Card card, Device device,
              DType dtype, DType runtime_dtype)
      : files_(std::move(card)),
        dtype_(to_torch(dtype)),
        runtime_(device, runtime_dtype),
        run_(std::move(kind), options, runtime_.torch_device()) {}

  engine::ModelFiles files_;
  at::ScalarType dtype_;
  runtime::Runtime runtime_;
  TrainingRun run_;
};

}  // namespace svgen::train
