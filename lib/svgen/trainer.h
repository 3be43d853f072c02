// SPDX-License-Identifier: MIT
// The trainings of a model: the encoder from nothing, the autoencoder (phase 1) and the diffusion
// transformer (phase 2).
//
// A trainer takes micro-batches, updates the weights, and keeps checkpoints. All that is random in
// a step (noise, times, dropped labels, masked residuals) is a function of (seed, image index), so
// a resumed run computes the very steps an unbroken one would have, and processes that deal the
// indices out among themselves draw what one process would have drawn.
//
// Under a distributed launch (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) every process opens a
// trainer and calls the same methods; gradients are averaged over all their images, rank 0 writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "svgen/engine.h"
#include "svgen/image.h"
#include "svgen/picture.h"
#include "svgen/tensor.h"
#include "svgen/trainer_options.h"

namespace svgen {

struct TrainReport {
  int64_t step = 0;        // optimizer steps since the beginning, over all runs
  int64_t next_index = 0;  // all images before it have been used
  bool stepped = false;    // false: a micro-batch was added and more are needed for a step
  bool finished = false;   // max_steps is reached, or another process has no more images
  double seconds = 0;      // spent computing in this run
  int64_t images = 0;      // of this run, all processes together
  std::vector<std::pair<std::string, double>> metrics;  // of the step; "loss" comes first
  std::filesystem::path saved;                          // the checkpoint this call wrote, or empty
  std::filesystem::path set_aside;  // where an earlier training's checkpoints went, or empty
};

/// One thread at a time may call a trainer. Errors are final: the last checkpoint is intact, and a
/// new trainer can resume from it.
class Trainer {
 public:
  virtual ~Trainer() = default;

  /// Returns the current step and its figures, without doing anything.
  virtual TrainReport report() const = 0;

  /// Saves what has been trained since the last checkpoint. Returns the folder, or empty when there
  /// was nothing to save or nowhere. Micro-batches that have not become a step are forgotten and
  /// their images come again after a resume.
  virtual std::filesystem::path save() = 0;

  /// Says that this process has no more images: ends the training of all processes after the steps
  /// already taken. To be called once, before save(), also when the training finished by itself.
  virtual void finish() = 0;

  /// Draws what the exported weights can do: pairs of originals and reconstructions of the last
  /// batch, or one generated image per class. Returns an empty picture without a decoder.
  virtual Picture sample_sheet() = 0;
};

/// Keeps a part of an engine at the newest weights of a training of the same card in this process:
/// the decoder at those of an AutoencoderTrainer, the diffusion transformer at those of a
/// DiffusionTrainer.
class TrainingFollower {
 public:
  virtual ~TrainingFollower() = default;

  /// Creates one for an engine opened with `follow_training`. Throws ConfigurationError for a part
  /// that no training changes.
  static std::unique_ptr<TrainingFollower> create(std::shared_ptr<Engine> engine, ModelPart part);

  /// Gives the engine the newest weights unless it has them. If it has none at all, waits for the
  /// first ones; returns false when `progress` cancels the waiting, and throws ConfigurationError
  /// when no training begins within a minute.
  virtual bool update(const ProgressFunction& progress = {}) = 0;
};

class AutoencoderTrainer : public Trainer {
 public:
  /// Throws ConfigurationError for impossible options or a card that lacks what is needed, IoError
  /// when another trainer holds the checkpoint or it cannot be read.
  static std::unique_ptr<AutoencoderTrainer> open(const AutoencoderOptions& options);

  /// Takes square images of the card's native size, and their stream indices, increasing. Throws
  /// ConfigurationError naming step and indices when the loss is not finite.
  virtual TrainReport train(std::span<const ImageView> images,
                            std::span<const int64_t> indices) = 0;
};

class DiffusionTrainer : public Trainer {
 public:
  static std::unique_ptr<DiffusionTrainer> open(const DiffusionOptions& options);

  /// Takes (N, T, C) latents of any float dtype, N labels in [0, classes) (-1: no class), indices;
  /// with a repa_weight also (N, T', F) features of the same images, one for each token.
  virtual TrainReport train(const Tensor& latents, std::span<const int64_t> labels,
                            std::span<const int64_t> indices, const Tensor& features = {}) = 0;
};

class EncoderTrainer : public Trainer {
 public:
  static std::unique_ptr<EncoderTrainer> open(const EncoderOptions& options);

  /// Takes pictures of any size, of at least a patch, their labels in [0, classes) (-1: no class;
  /// ignored without a label_weight) and their stream indices, increasing. sample_sheet() shows
  /// pictures and, as colours, the three main directions of the teacher's patch tokens.
  virtual TrainReport train(std::span<const ImageView> images, std::span<const int64_t> labels,
                            std::span<const int64_t> indices) = 0;
};

}  // namespace svgen
