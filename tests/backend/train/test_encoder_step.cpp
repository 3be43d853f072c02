// SPDX-License-Identifier: MIT
// The pieces of self-distillation.
#include "train/encoder_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "backend/nn/fill.h"
#include "nn/initial_weights.h"

namespace svgen::train {
namespace {

using test::largest_difference;
using test::wave;

EncoderOptions small_options() {
  EncoderOptions options;
  options.prototypes = 12;
  options.head_width = 16;
  options.head_bottleneck = 8;
  return options;
}

EncoderModel small_model() {
  const models::DinoV3Config config{
      .patch = 4, .width = 16, .depth = 1, .heads = 2, .ffn = 24, .registers = 2};
  EncoderModel model{models::DinoV3(config), PrototypeHead(config.width, small_options()),
                     nn::Linear(config.width, 3)};
  nn::draw_initial_weights([&](const nn::StateScope& s) { model.visit(s); },
                           models::dinov3_initial_weights(1), 1, 0);
  model.encoder.periods = at::Tensor();
  return model;
}

TEST(Sinkhorn, SharesPrototypesEvenly) {
  const at::Tensor scores = wave({32, 6}, 0.7, 0.9);
  const at::Tensor shares = sinkhorn(scores, 0.5, Processes());
  EXPECT_LT(largest_difference(shares.sum(1), at::full({32}, 1.0)), 1e-6);
  // Three iterations come within 3 %; without any, some get half and some twice their share.
  EXPECT_LT(largest_difference(shares.sum(0), at::full({6}, 32.0 / 6)), 0.03 * 32 / 6);
  EXPECT_GE(shares.min().item<float>(), 0);
}

TEST(Sinkhorn, PrefersWhatScoresHigh) {
  at::Tensor scores = at::zeros({4, 4});
  for (int64_t i = 0; i < 4; ++i) scores[i][3 - i] = 1.0;
  const at::Tensor shares = sinkhorn(scores, 0.05, Processes());
  for (int64_t i = 0; i < 4; ++i) EXPECT_NEAR(shares[i][3 - i].item<float>(), 1, 1e-5);
}

TEST(Sinkhorn, IsFiniteAtTheSharpestTemperature) {
  const at::Tensor scores = wave({5, 7}, 2, 1);
  EXPECT_TRUE(sinkhorn(scores, 0.02, Processes()).isfinite().all().item<bool>());
}

TEST(Centred, TakesTheCentreOff) {
  const at::Tensor centre = wave({1, 5});
  const at::Tensor even = centred(centre.expand({3, 5}), centre, 0.1);
  EXPECT_LT(largest_difference(even, at::full({3, 5}, 0.2)), 1e-6);
}

TEST(DistillationLoss, IsTheCrossEntropy) {
  const at::Tensor targets = at::softmax(wave({3, 5}), 1), scores = wave({3, 5}, 1.3);
  const at::Tensor wanted = -(targets * at::log(at::softmax(scores / 0.5, 1))).sum(1).mean();
  EXPECT_NEAR(distillation_loss(targets, scores, 0.5).item<float>(), wanted.item<float>(), 1e-6);
}

TEST(DrawPatchMasks, MasksAShareOfEverySecondImage) {
  std::vector<int64_t> indices(400);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i);
  const at::Tensor masks = draw_patch_masks(3, indices, 0, 64, 0.5);
  const at::Tensor counts = masks.sum(1);
  EXPECT_NEAR(counts.gt(0).to(at::kDouble).mean().item<double>(), 0.5, 0.08);
  EXPECT_LE(counts.max().item<int64_t>(), 32);
  EXPECT_GE(counts.masked_select(counts.gt(0)).min().item<int64_t>(), 6);
  EXPECT_TRUE(masks.equal(draw_patch_masks(3, indices, 0, 64, 0.5)));
  EXPECT_FALSE(masks.equal(draw_patch_masks(3, indices, 1, 64, 0.5)));
}

TEST(MaskedForward, HidesThePatchesUnderTheMask) {
  const EncoderModel model = small_model();
  const at::Tensor pixels = wave({2, 3, 8, 8});
  EXPECT_LT(
      largest_difference(masked_forward(model.encoder, pixels, {}), model.encoder.forward(pixels)),
      1e-6);
  at::Tensor mask = at::zeros({2, 4}, at::kBool);
  mask[1].fill_(true);
  const at::Tensor masked = masked_forward(model.encoder, pixels, mask);
  const at::Tensor other = masked_forward(model.encoder, pixels + 1, mask);
  EXPECT_GT(largest_difference(masked[0], other[0]), 1e-3);
  EXPECT_LT(largest_difference(masked[1], other[1]), 1e-6) << "all its patches are hidden";
}

TEST(PrototypeHead, ScoresAreCosines) {
  const EncoderModel model = small_model();
  const at::Tensor scores = model.head(wave({10, 16}, 3, 5));
  EXPECT_EQ(scores.sizes(), (std::vector<int64_t>{10, 12}));
  EXPECT_LE(scores.abs().max().item<float>(), 1 + 1e-5);
}

TEST(StudentLoss, ReachesEveryPart) {
  EncoderModel model = small_model();
  nn::visit_state(model, [](const nn::StateSlot& slot) {
    if (slot.kind == nn::SlotKind::kParameter) slot.tensor.requires_grad_();
  });
  EncoderBatch batch;
  TeacherView targets[2];
  for (int view = 0; view < 2; ++view) {
    batch.global[view] = wave({3, 3, 8, 8}, 0.5 + view);
    batch.masks[view] = at::zeros({3, 4}, at::kBool);
    batch.masks[view][0][1] = true;
    targets[view] = {at::full({3, 12}, 1.0 / 12), at::full({1, 12}, 1.0 / 12)};
  }
  batch.local = wave({6, 3, 4, 4});
  batch.labels = at::zeros({3}, at::kLong);
  batch.labels[1] = -1;
  EncoderOptions options = small_options();
  options.label_weight = 2;
  const EncoderLoss loss = student_loss(model, batch, targets, options);
  ASSERT_EQ(loss.metrics.size(), 4u);
  EXPECT_NEAR(loss.metrics[0].second,
              loss.metrics[1].second + loss.metrics[2].second + 2 * loss.metrics[3].second, 1e-5);
  EXPECT_NEAR(loss.metrics[3].second, std::log(3.0), 0.5);
  EXPECT_GE(loss.metrics[1].second, std::log(12.0) - 1e-6) << "even targets: no less";
  loss.total.backward();
  nn::visit_state(model, [](const nn::StateSlot& slot) {
    if (slot.kind != nn::SlotKind::kParameter) return;
    EXPECT_TRUE(slot.tensor.grad().defined()) << slot.name;
  });
}

}  // namespace
}  // namespace svgen::train
