// SPDX-License-Identifier: MIT
// One step of the encoder's self-distillation: a student sees crops, some with masked patches, and
// learns what its own moving average, the teacher, says of the whole (Caron et al., 2021; Zhou et
// al., 2022; Oquab et al., 2024). No label enters unless a weight is given to a classifier's term.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <span>

#include "models/dinov3/dinov3.h"
#include "nn/linear.h"
#include "nn/state.h"
#include "svgen/trainer.h"
#include "train/metrics.h"
#include "train/processes.h"

namespace svgen::train {

/// Tokens to scores of prototypes: three layers with GELU, unit length, then products with unit
/// vectors: (..., D) -> (..., prototypes).
struct PrototypeHead {
  PrototypeHead(int64_t width, const EncoderOptions& options);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;

  nn::Linear hidden, second, bottleneck;
  int64_t prototypes;
  at::Tensor directions;  // (prototypes, bottleneck), normalised when used
};

/// Holds the networks that student and teacher have alike.
struct EncoderModel {
  models::DinoV3 encoder;
  PrototypeHead head;
  std::optional<nn::Linear> classifier;  // of the mean patch token, where labels are used

  /// "encoder." in Meta's names, "head." and "classifier.".
  void visit(const nn::StateScope& state);
};

/// Returns all tokens after the final norm, (N, 1 + R + T, D); patches under `mask` (N, T) bool,
/// where it is defined, enter as the mask token.
at::Tensor masked_forward(const models::DinoV3& encoder, const at::Tensor& pixels,
                          const at::Tensor& mask);

/// Chooses the masked patches of an image's global view, a function of (seed, index, view): (N, T)
/// bool. Every second image has none, the others a share drawn in [0.1, largest share].
at::Tensor draw_patch_masks(uint64_t seed, std::span<const int64_t> indices, int64_t view,
                            int64_t tokens, double largest_share);

/// Teacher's targets out of scores (B, K): exp(scores / temperature), scaled in turns so that over
/// all rows every prototype gets the same share, and every row sums to 1 (Cuturi, 2013; three
/// turns). The rows are of all processes.
at::Tensor sinkhorn(const at::Tensor& scores, double temperature, const Processes& processes);

/// softmax((scores - centre) / temperature).
at::Tensor centred(const at::Tensor& scores, const at::Tensor& centre, double temperature);

/// Mean over rows of -sum(targets log softmax(scores / temperature)).
at::Tensor distillation_loss(const at::Tensor& targets, const at::Tensor& scores,
                             double temperature);

struct EncoderBatch {
  at::Tensor global[2];  // (N, 3, S, S) normalised pixels
  at::Tensor masks[2];   // (N, T) bool, or undefined: the patch term is off
  at::Tensor local;      // (L N, 3, s, s), or undefined
  at::Tensor labels;     // (N) int64, -1: no class; or undefined: no label enters
};

/// The teacher's scores on the whole global views: of the view's token (N, K), and of the masked
/// patches (M, K) where there are masks.
struct TeacherView {
  at::Tensor cls, patches;
};

TeacherView teach(const EncoderModel& teacher, const at::Tensor& pixels, const at::Tensor& mask,
                  ViewToken kind);

/// The student's loss against two teacher views: its token of each global view against the
/// other view's target, of each local view against both, and its masked patches against their own.
/// With labels, the cross-entropy of the classifier on both global views is added (smoothing 0.1).
struct EncoderLoss {
  at::Tensor total;  // differentiable
  Metrics metrics;
};

EncoderLoss student_loss(const EncoderModel& student, const EncoderBatch& batch,
                         const TeacherView (&targets)[2], const EncoderOptions& options);

}  // namespace svgen::train
