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

namespace svgen {

enum class Initialization {
  kScratch,  // the published initialisation, a function of the seed
  kModel,    // the card's weights
};

struct TrainerOptions {
  EngineOptions model;  // the card: architecture, encoder, statistics; dtype of the computation
  Initialization initialize = Initialization::kScratch;
  std::filesystem::path checkpoint;  // directory; empty: nothing is saved
  bool resume = false;               // go on from the last checkpoint, if there is one
  int64_t max_steps = -1;            // -1: no end
  int64_t checkpoint_interval = 1000;
  int64_t checkpoints_kept = 3;
  double learning_rate = 1e-4;
  double ema_decay = 0;      // 0: the exported weights are the trained ones
  int64_t accumulate = 1;    // micro-batches of a step
  int64_t warmup_steps = 0;  // of a linear rise of the learning rate
  double final_rate = 1;     // the learning rate falls to this share at max_steps, along a cosine
  double clip_norm = 0;      // largest norm of all gradients together; 0: no limit
  uint64_t seed = 0;
  std::vector<std::string> class_names;  // of the data; into the trained card when it has none
};

/// Holds the options of phase 1; defaults are the published recipe.
struct AutoencoderOptions : TrainerOptions {
  double mask_ratio = 0.1;             // share of images whose residual is hidden
  bool aligns = true;                  // false: the residual enters the latent as it is
  double perceptual_weight = 1;        // of LPIPS, or of the term that stands in for it
  double perceptual_share = 1;         // of a batch's images, for speed: their mean counts for all
  double discriminator_weight = 0.5;   // 0: no discriminator
  double beta1 = 0.5, beta2 = 0.9;     // Adam's, of both sides
  int64_t discriminator_start = 5001;  // in optimizer steps of both sides, two a batch
};

/// Holds the options of phase 2; defaults are the published recipe, whose ema_decay is 0.9999.
struct DiffusionOptions : TrainerOptions {
  DiffusionOptions() { ema_decay = 0.9999; }

  double shift = 0.4;  // t' = s t / (1 + (s - 1) t); <= 0: none
  double class_dropout = 0.1;
  double weight_decay = 0;
  bool normalized = false;  // latents arrive normalised
};

enum class TeacherTargets {
  kSinkhorn,   // every prototype gets the same share of a batch (as in DINOv2 and DINOv3)
  kCentering,  // a moving mean of the scores is taken off (as in DINO)
};

/// Says how strongly the augmented views of a picture differ. Shares are probabilities.
struct AugmentOptions {
  double smallest_crop = 0.4, largest_crop = 1;               // of the picture's area
  double jitter_share = 0.8;                                  // of views whose colours change
  double brightness = 0.4, contrast = 0.4, saturation = 0.2;  // largest change, relative
  double hue = 0.1;                                           // largest turn, of the whole circle
  double grey_share = 0.2;
  double blur_share = 0.5;
  double coarse_share = 0;  // of views made at 1/2 to 1/4 of their resolution and enlarged again
  double noise = 0;         // largest deviation of Gaussian noise, in levels
};

/// Self-distillation of an encoder from pictures; labels enter only with a label_weight. Sizes of
/// views are those of a small model; ema_decay is the teacher's.
struct EncoderOptions : TrainerOptions {
  EncoderOptions() {
    learning_rate = 1e-3;
    ema_decay = 0.996;
    clip_norm = 3;
  }

  AugmentOptions global_view;           // two of them, of the card's native size
  AugmentOptions local_view{0.1, 0.4};  // crops of a smaller area
  int64_t local_views = 4;              // 0: none
  int64_t local_size = 0;               // pixels; 0: half the native size
  double patch_weight = 1;              // of the masked-patch term; 0: no masks
  double mask_share = 0.5;              // largest share of masked patches
  double label_weight = 0;              // of a linear classifier's cross-entropy; 0: no labels
  TeacherTargets targets = TeacherTargets::kSinkhorn;
  double teacher_temperature = 0.05, student_temperature = 0.1;
  int64_t prototypes = 1024, head_width = 512, head_bottleneck = 64;
  double layer_scale = 1;  // its first value; 1e-5 as published for large models
  double weight_decay = 0.01;
};

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

  /// Takes (N, T, C) latents of any float dtype, N labels in [0, classes) (-1: no class), indices.
  virtual TrainReport train(const Tensor& latents, std::span<const int64_t> labels,
                            std::span<const int64_t> indices) = 0;
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
