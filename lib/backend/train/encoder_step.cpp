// SPDX-License-Identifier: MIT
// The loss of self-distillation.
#include "train/encoder_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

#include "ops/ops.h"
#include "svgen/random.h"

namespace svgen::train {
namespace {

constexpr double kUnitEps = 1e-6;
constexpr double kSmallestMaskShare = 0.1;
constexpr int kSinkhornTurns = 3;
constexpr double kLabelSmoothing = 0.1;

at::Tensor unit(const at::Tensor& x) {
  return x / at::linalg_vector_norm(x, 2, {-1}, true).clamp_min(kUnitEps);
}

at::Tensor patches_of(const at::Tensor& tokens, int64_t prefix) {
  return tokens.narrow(1, prefix, tokens.size(1) - prefix);  // (N, T, D)
}

// What stands for the whole view: (N, D).
at::Tensor view_token(const EncoderModel& model, const at::Tensor& tokens, ViewToken kind) {
  if (kind == ViewToken::kClass) return tokens.select(1, 0);
  return patches_of(tokens, 1 + model.encoder.config.registers).mean(1);
}

at::Tensor masked_patches(const at::Tensor& tokens, const at::Tensor& mask) {
  return patches_of(tokens, tokens.size(1) - mask.size(1)).index({mask});  // (M, D)
}

at::Tensor label_loss(const EncoderModel& model, const at::Tensor& tokens,
                      const at::Tensor& labels) {
  const at::Tensor features = view_token(model, tokens, ViewToken::kMean);
  const at::Tensor scores = (*model.classifier)(features);  // (N, classes)
  // A batch without any label has no mean: then the sum, 0, is the loss.
  const at::Tensor sum =
      at::cross_entropy_loss(scores, labels, {}, at::Reduction::Sum, -1, kLabelSmoothing);
  return sum / labels.ge(0).sum().clamp_min(1);
}

}  // namespace

PrototypeHead::PrototypeHead(int64_t width, const EncoderOptions& options)
    : hidden(width, options.head_width),
      second(options.head_width, options.head_width),
      bottleneck(options.head_width, options.head_bottleneck),
      prototypes(options.prototypes) {}

void PrototypeHead::visit(const nn::StateScope& state) {
  hidden.visit(state.child("mlp.0"));
  second.visit(state.child("mlp.2"));
  bottleneck.visit(state.child("mlp.4"));
  state("last_layer.weight", directions, {prototypes, bottleneck.out});
}

at::Tensor PrototypeHead::operator()(const at::Tensor& x) const {
  const at::Tensor h = ops::gelu_erf(second(ops::gelu_erf(hidden(x))));
  const at::Tensor code = unit(bottleneck(h));                     // (..., bottleneck)
  const at::Tensor rows = unit(directions.to(at::kFloat));         // (K, bottleneck)
  return nn::affine(code, rows.to(directions.scalar_type()), {});  // (..., K)
}

void EncoderModel::visit(const nn::StateScope& state) {
  encoder.visit(state.child("encoder"));
  // Optional in a file, trained here.
  state("encoder.mask_token", encoder.mask_token, {1, encoder.config.width});
  head.visit(state.child("head"));
  if (classifier) classifier->visit(state.child("classifier"));
}

at::Tensor masked_forward(const models::DinoV3& encoder, const at::Tensor& pixels,
                          const at::Tensor& mask) {
  at::Tensor x = encoder.embed(pixels);  // (N, 1 + R + T, D)
  if (mask.defined()) {
    const int64_t prefix = x.size(1) - mask.size(1);
    const at::Tensor token = encoder.mask_token.to(x.scalar_type()).unsqueeze(0);  // (1, 1, D)
    x = at::cat({x.narrow(1, 0, prefix),
                 at::where(mask.unsqueeze(2), token, x.narrow(1, prefix, mask.size(1)))},
                1);
  }
  const nn::RotaryTables tables = encoder.rotary(pixels.size(2), pixels.size(3));
  for (const models::DinoV3Block& block : encoder.blocks) x = block(x, tables);
  return encoder.norm(x);  // (N, 1 + R + T, D)
}

at::Tensor draw_patch_masks(uint64_t seed, std::span<const int64_t> indices, int64_t view,
                            int64_t tokens, double largest_share) {
  const at::Tensor masks = at::zeros({static_cast<int64_t>(indices.size()), tokens}, at::kBool);
  for (size_t n = 0; n < indices.size(); ++n) {
    const auto index = static_cast<uint64_t>(indices[n]);
    const auto draw = [&](int64_t number) {
      const auto block = static_cast<uint32_t>(view * (tokens + 8) + number);
      return uniform_numbers(seed, index, RandomPurpose::kTraining, block)[0];
    };
    if (draw(0) < 0.5) continue;
    const double low = std::min(kSmallestMaskShare, largest_share);
    const double share = low + (largest_share - low) * draw(1);
    // The patches with the smallest of as many numbers.
    std::vector<std::pair<double, int64_t>> order;
    for (int64_t t = 0; t < tokens; ++t) order.emplace_back(draw(2 + t), t);
    std::sort(order.begin(), order.end());
    bool* row = masks.mutable_data_ptr<bool>() + static_cast<int64_t>(n) * tokens;
    const auto count = static_cast<int64_t>(share * static_cast<double>(tokens));
    for (int64_t i = 0; i < count; ++i) row[order[static_cast<size_t>(i)].second] = true;
  }
  return masks;
}

at::Tensor sinkhorn(const at::Tensor& scores, double temperature, const Processes& processes) {
  const auto summed = [&](at::Tensor values) {
    processes.sum(values);
    return values;
  };
  // Scores are cosines; a shift of all of them cancels and keeps the exponentials finite.
  at::Tensor shares = at::exp((scores - 1) / temperature);  // (B, K)
  for (int turn = 0; turn < kSinkhornTurns; ++turn) {
    shares = shares / summed(shares.sum(0, true)).clamp_min(1e-30);
    shares = shares / shares.sum(1, true).clamp_min(1e-30);
  }
  return shares;
}

at::Tensor centred(const at::Tensor& scores, const at::Tensor& centre, double temperature) {
  return at::softmax((scores - centre) / temperature, 1);
}

at::Tensor distillation_loss(const at::Tensor& targets, const at::Tensor& scores,
                             double temperature) {
  return -(targets * at::log_softmax(scores / temperature, 1)).sum(1).mean();
}

TeacherView teach(const EncoderModel& teacher, const at::Tensor& pixels, const at::Tensor& mask,
                  ViewToken kind) {
  const at::Tensor tokens = masked_forward(teacher.encoder, pixels, {});
  TeacherView view{teacher.head(view_token(teacher, tokens, kind)), {}};
  if (mask.defined()) view.patches = teacher.head(masked_patches(tokens, mask));
  return view;
}

EncoderLoss student_loss(const EncoderModel& student, const EncoderBatch& batch,
                         const TeacherView (&targets)[2], const EncoderOptions& options) {
  const double temperature = options.student_temperature;
  at::Tensor cls, patches, labelled;
  int terms = 0;
  const auto add = [](at::Tensor& sum, const at::Tensor& term) {
    sum = sum.defined() ? sum + term : term;
  };
  for (int view = 0; view < 2; ++view) {
    const at::Tensor tokens =
        masked_forward(student.encoder, batch.global[view], batch.masks[view]);
    const at::Tensor whole = view_token(student, tokens, options.view_token);
    add(cls, distillation_loss(targets[1 - view].cls, student.head(whole), temperature));
    ++terms;
    if (batch.labels.defined()) add(labelled, label_loss(student, tokens, batch.labels) / 2);
    if (!batch.masks[view].defined() || targets[view].patches.size(0) == 0) continue;
    add(patches,
        distillation_loss(targets[view].patches,
                          student.head(masked_patches(tokens, batch.masks[view])), temperature) /
            2);
  }
  if (batch.local.defined()) {
    const int64_t images = batch.global[0].size(0), views = batch.local.size(0) / images;
    const at::Tensor tokens = masked_forward(student.encoder, batch.local, {});
    const at::Tensor scores = student.head(view_token(student, tokens, options.view_token));
    for (int64_t view = 0; view < views; ++view) {
      for (const TeacherView& target : targets)
        add(cls,
            distillation_loss(target.cls, scores.narrow(0, view * images, images), temperature));
      terms += 2;
    }
  }
  cls = cls / terms;
  EncoderLoss loss{cls, {{"loss", cls.item<double>()}, {"class_loss", cls.item<double>()}}};
  const auto add_term = [&loss](const char* name, const at::Tensor& term, double weight) {
    if (!term.defined()) return;
    loss.total = loss.total + weight * term;
    loss.metrics.emplace_back(name, term.item<double>());
  };
  add_term("patch_loss", patches, options.patch_weight);
  add_term("label_loss", labelled, options.label_weight);
  loss.metrics[0].second = loss.total.item<double>();
  return loss;
}

}  // namespace svgen::train
