// SPDX-License-Identifier: MIT
// The training losses of DiT, SiT, REPA and LightningDiT against their published code.
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include "models/projector/projector.h"
#include "reference/baselines.h"
#include "train/diffusion_step.h"
#include "weights/prefixed_source.h"

namespace svgen {
namespace {

using parity::as_cells;
using parity::Baseline;
using parity::expect_close;
using parity::hash_fill;

constexpr double kUnitVariance = 1.7320508;

class DiffusionLosses : public testing::Test {
 protected:
  static void check(const std::string& system, const std::string& name, const at::Tensor& found) {
    const parity::Cases cases("baselines/" + system + ".safetensors");
    expect_close(system + ":" + name, found, cases[name].view(found.sizes()),
                 parity::tolerance_of(system, name));
  }

  // The images of a training case: data, noise, and the times and labels of the published runs, the
  // last label the null class.
  struct Batch {
    at::Tensor data;
    train::DiffusionDraws draws;
  };
  static Batch batch(const Baseline& baseline, const char* data, const char* noise,
                     const std::vector<float>& times) {
    const std::vector<int64_t> shape = {4, baseline.model().channels(), baseline.side(),
                                        baseline.side()};
    return {as_cells(hash_fill(data, shape, 1)),
            {as_cells(hash_fill(noise, shape, kUnitVariance)), at::tensor(times),
             at::tensor({int64_t{0}, int64_t{3}, int64_t{7}, baseline.model().classes()})}};
  }
  static Batch flow_batch(const Baseline& baseline, bool is_reversed = false) {
    std::vector<float> times = {0.05f, 0.3f, 0.7f, 0.95f};
    if (is_reversed)
      for (float& t : times) t = 1 - t;
    return batch(baseline, "input.x1", "input.x0", times);
  }
  static train::DiffusionLoss loss(const Baseline& baseline, const Batch& batch,
                                   const train::Alignment* alignment = nullptr) {
    return train::diffusion_loss(baseline.model(), baseline.process(),
                                 systems::objective_of(baseline.card()), batch.data, batch.draws,
                                 alignment);
  }

  c10::InferenceMode inference_;
};

TEST_F(DiffusionLosses, DitLearnsNoiseAndVariance) {
  const Baseline dit("dit", "dit");
  const Batch four = batch(dit, "input.x_start", "input.train_noise", {1, 0.999f, 0.5f, 0.001f});
  const at::Tensor x = diffusion::mixed(diffusion::Path::kDiffusion, four.data, four.draws.noise,
                                        {1, 0.999f, 0.5f, 0.001f});
  expect_close("dit:train.x_t", parity::as_published(x, dit.side()),
               parity::Cases("baselines/dit.safetensors")["train.x_t"], 1e-6);
  const train::DiffusionLoss found = loss(dit, four);
  check("dit", "train.mse", found.squared);
  check("dit", "train.vb", found.variational);
  check("dit", "train.loss", found.squared + found.variational);
}

TEST_F(DiffusionLosses, SitLearnsAVelocityOnBothPaths) {
  Baseline sit("sit", "dit");
  check("sit", "train.Linear.velocity", loss(sit, flow_batch(sit)).squared);
  sit.follow(diffusion::Path::kGvp);
  check("sit", "train.GVP.velocity", loss(sit, flow_batch(sit)).squared);
}

// No release predicts noise or a score: their losses check the forward pass on the path.
TEST_F(DiffusionLosses, SitsOtherPredictionsFollowFromTheSameOutput) {
  const Baseline sit("sit", "dit");
  const Batch four = flow_batch(sit);
  const at::Tensor t = four.draws.times.view({-1, 1, 1});
  const at::Tensor x = t * four.data + (1 - t) * four.draws.noise;
  const at::Tensor out = sit.model().velocity(x, four.draws.times, four.draws.labels);
  check("sit", "train.Linear.noise", (out - four.draws.noise).square().mean({1, 2}));
  // (score sigma + noise)^2 times (1 / t)^2, the weight that makes it a velocity's error.
  const at::Tensor of_score = (out * (1 - t) + four.draws.noise) / t;
  check("sit", "train.Linear.score.velocity", of_score.square().mean({1, 2}));
}

TEST_F(DiffusionLosses, RepaAlignsTokensWithFeatures) {
  const Baseline repa("repa", "repa");
  models::Projector projector({64, 32, 24});
  weights::load_module(
      projector, *weights::prefixed_source(weights::open_weights(repa.file()), "projectors.0."));
  const at::Tensor conditioning =
      repa.model().conditioning(at::tensor({0.9f, 0.3f}), at::tensor({int64_t{3}, int64_t{1000}}));
  check("repa", "repa.projection",
        projector(repa.model().velocity_and_tokens(repa.input(), conditioning, 1).second));

  const train::Alignment alignment = {projector, 1, hash_fill("input.zs", {4, 16, 24}, 1)};
  const train::DiffusionLoss found = loss(repa, flow_batch(repa, /*is_reversed=*/true), &alignment);
  check("repa", "train.denoise", found.squared);
  check("repa", "train.proj", found.alignment.mean().view({1}));
  const at::Tensor total = found.total(systems::objective_of(repa.card()));
  EXPECT_NEAR(total.item<double>(),
              (found.squared.mean() + 0.5 * found.alignment.mean()).item<double>(), 1e-6);
}

TEST_F(DiffusionLosses, LightningDitLearnsTheDirectionToo) {
  const Baseline model("lightningdit", "lightningdit");
  const train::DiffusionLoss found = loss(model, flow_batch(model));
  check("lightningdit", "train.mse", found.squared);
  check("lightningdit", "train.cos", found.cosine);
}

}  // namespace
}  // namespace svgen
