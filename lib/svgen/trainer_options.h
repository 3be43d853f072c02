// SPDX-License-Identifier: MIT
// The options of the trainings (trainer.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "svgen/engine.h"

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

/// What phase 1 trains. The card's parts must be those of the objective.
enum class AutoencoderObjective {
  kSvg,  // the residual encoder and the decoder around a frozen encoder
  kKl,   // an encoder with Gaussian latents and its decoder (Rombach et al., 2022, section 3.1)
  kVf,   // the same, its latents drawn towards a foundation model's features (Yao et al., 2025)
};

/// Holds the options of phase 1; defaults are the published recipes.
struct AutoencoderOptions : TrainerOptions {
  AutoencoderObjective objective = AutoencoderObjective::kSvg;
  double mask_ratio = 0.1;             // share of images whose residual is hidden
  bool aligns = true;                  // false: the residual enters the latent as it is
  double perceptual_weight = 1;        // of LPIPS, or of the term that stands in for it
  double perceptual_share = 1;         // of a batch's images, for speed: their mean counts for all
  double discriminator_weight = 0.5;   // 0: no discriminator
  double beta1 = 0.5, beta2 = 0.9;     // Adam's, of both sides
  int64_t discriminator_start = 5001;  // in optimizer steps of both sides, two a batch
  // The decoder sees latents with Gaussian noise, its deviation uniform in 0 .. latent_noise for
  // each image, in units of a channel's own deviation (Zheng et al., 2025, section 3). 0: none.
  double latent_noise = 0;
  double kl_weight = 1e-6;  // of the distance of the latents' distributions from a normal one
  // The card of a frozen encoder, beside Gaussian latents: it stands in for LPIPS, and kVf draws
  // the latents towards its features with this weight. The margins are the differences of cosines
  // that are forgiven: between two cells, and between a latent and its feature.
  std::string foundation_model;
  double vf_weight = 0.1, vf_distance_margin = 0.25, vf_cosine_margin = 0.5;
};

/// How the times of training images are drawn.
enum class TimeDistribution {
  kSystem,       // as the card's system was published
  kUniform,      // in 0 .. 1
  kLogitNormal,  // 1 / (1 + exp(-z)) of a normal z (Esser et al., 2024, section 3.1)
};

/// Holds the options of phase 2; defaults are the recipe of the card's system, with an ema_decay of
/// 0.9999.
struct DiffusionOptions : TrainerOptions {
  DiffusionOptions() { ema_decay = 0.9999; }

  static constexpr double kOfSystem = -1;  // what the card's system was published with

  TimeDistribution times = TimeDistribution::kSystem;
  double shift = kOfSystem;  // t' = s t / (1 + (s - 1) t) of the times that were drawn; 0: none
  double class_dropout = 0.1;
  double weight_decay = 0;
  bool normalized = false;  // latents arrive normalised
  // Alignment of the tokens behind block `repa_depth`, through three layers of `repa_width`, with
  // features of the same images (Yu et al., 2025). 0: none.
  double repa_weight = kOfSystem;
  int64_t repa_depth = 8, repa_width = 2048;
  int64_t repa_channels = 0;  // F of the features; 0: none come
};

enum class TeacherTargets {
  kSinkhorn,   // every prototype gets the same share of a batch (as in DINOv2 and DINOv3)
  kCentering,  // a moving mean of the scores is taken off (as in DINO)
};

/// What of a view is scored as a whole.
enum class ViewToken {
  kClass,  // the class token (as in DINO)
  kMean,   // the mean of the patch tokens, which are the features that svgencode gives
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
  ViewToken view_token = ViewToken::kClass;
  TeacherTargets targets = TeacherTargets::kSinkhorn;
  int64_t sinkhorn_steps = 0;  // first steps with kSinkhorn, whatever the targets are
  double teacher_temperature = 0.05, student_temperature = 0.1;
  int64_t prototypes = 1024, head_width = 512, head_bottleneck = 64;
  double layer_scale = 1;  // its first value; 1e-5 as published for large models
  double weight_decay = 0.01;
};

}  // namespace svgen
