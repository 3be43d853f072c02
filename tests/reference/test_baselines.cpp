// SPDX-License-Identifier: MIT
// DiT, SiT, REPA, LightningDiT, RAE and RiT against their published code: forward passes and
// samplers.
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include "models/dit_dh/dit_dh.h"
#include "models/vit_decoder/vit_decoder.h"
#include "nn/rotary.h"
#include "nn/sine_cosine.h"
#include "reference/baselines.h"
#include "systems/files.h"
#include "systems/system.h"
#include "weights/load.h"

namespace svgen {
namespace {

using parity::as_cells;
using parity::as_published;
using parity::Baseline;
using parity::expect_close;
using parity::hash_fill;

class Baselines : public testing::Test {
 protected:
  void check(const std::string& system, const std::string& name, const at::Tensor& found) {
    static std::map<std::string, parity::Cases> files;
    const auto& cases =
        files.try_emplace(system, "baselines/" + system + ".safetensors").first->second;
    expect_close(system + ":" + name, found, cases[name], parity::tolerance_of(system, name));
  }

  c10::InferenceMode inference_;
};

SamplingOptions steps_of(SolverKind solver, int64_t steps, double shift = 0) {
  return {.steps = steps, .shift = shift, .solver = solver};
}

SamplingOptions guided(SamplingOptions options, double scale, int64_t channels) {
  options.guidance_scale = scale;
  options.guidance_channels = channels;
  return options;
}

TEST_F(Baselines, DitPredictsNoiseAndVariance) {
  const Baseline dit("dit", "dit");
  const auto t = [](double index) { return static_cast<float>(1 - index / 1000); };
  check("dit", "dit.forward.t37_850", dit.prediction({t(37), t(850)}, {3, 10}));
  check("dit", "dit.forward.t0_999", dit.prediction({t(0), t(999)}, {3, 10}));
  const auto& network = dynamic_cast<const models::Dit&>(dit.model());
  check("dit", "dit.embed_x", network.embed(dit.input()));
}

TEST_F(Baselines, DitSmallAtItsPublishedSize) {
  const Baseline dit("dit", "dit_s2");
  const at::Tensor z = as_cells(hash_fill("input.z32", {1, 4, 32, 32}, 1.5));
  check("dit", "dit_s2_full.forward", as_published(dit.predicted(z, {0.5f}, {207}), 32));
}

// A random network does not denoise, so the values are in the hundreds.
TEST_F(Baselines, DitReversesItsDiffusion) {
  const Baseline dit("dit", "dit");
  const SamplingOptions ddpm = steps_of(SolverKind::kDdpm, 10);
  SamplingOptions ddim = steps_of(SolverKind::kDdim, 10);
  check("dit", "ddpm10", dit.sample(ddpm));
  check("dit", "ddpm10.cfg4.three_channels", dit.sample(guided(ddpm, 4, 3)));
  check("dit", "ddpm10.cfg1.5.three_channels", dit.sample(guided(ddpm, 1.5, 3)));
  check("dit", "ddim10", dit.sample(ddim));
  check("dit", "ddim10.cfg4.three_channels", dit.sample(guided(ddim, 4, 3)));
  ddim.timestep_spacing = TimestepSpacing::kLeading;
  check("dit", "ddim10.paper_stride", dit.sample(ddim));
}

TEST_F(Baselines, DitWithoutLearnedVarianceTakesTheLargerBound) {
  nlohmann::json state = parity::baseline("dit").at("state_dict");
  state["final_layer.linear.weight"] = {16, 64};
  state["final_layer.linear.bias"] = {16};
  const Baseline dit("dit", "dit", DType::kFloat32, {}, state);
  check("dit", "ddpm10.fixed_large", dit.sample(steps_of(SolverKind::kDdpm, 10)));
}

TEST_F(Baselines, SitGivesAVelocity) {
  check("sit", "sit.forward", Baseline("sit", "dit").velocity({0.1f, 0.7f}, {3, 10}));
}

// "10" counts points of the grid there.
TEST_F(Baselines, SitFlows) {
  const Baseline sit("sit", "dit");
  const SamplingOptions euler = steps_of(SolverKind::kEuler, 9);
  check("sit", "ode.euler10", sit.sample(euler));
  check("sit", "ode.heun210", sit.sample(steps_of(SolverKind::kHeun, 9)));
  check("sit", "ode.rk410", sit.sample(steps_of(SolverKind::kRk4, 9)));
  check("sit", "ode.euler10.cfg4.three_channels", sit.sample(guided(euler, 4, 3)));
  check("sit", "ode.euler10.cfg4.all_channels", sit.sample(guided(euler, 4, 0)));
}

// A velocity is integrated in the same way whatever path it was trained on.
TEST_F(Baselines, SitFlowsAlongTheOtherPath) {
  Baseline sit("sit", "dit");
  sit.follow(diffusion::Path::kGvp);
  check("sit", "ode.euler10.gvp", sit.sample(steps_of(SolverKind::kEuler, 9)));
}

TEST_F(Baselines, SitFlowsAdaptivelyAsPublished) {
  // In double as the reference: the widths of the steps follow the rounding of small errors.
  const Baseline exact("sit", "dit", DType::kFloat64);
  const SamplingOptions dopri5 = steps_of(SolverKind::kDopri5Published, 1);
  check("sit", "ode.dopri5", exact.sample(dopri5));
  // The number of points that are asked for changes nothing.
  SamplingOptions points = dopri5;
  points.steps = 50;
  check("sit", "ode.dopri5.points2", exact.sample(points));
  check("sit", "ode.dopri5.first_alone", exact.sample(dopri5, 1));
  const Baseline sit("sit", "dit");
  expect_close("sit:ode.dopri5(float32)", sit.sample(dopri5), exact.sample(dopri5).to(at::kFloat),
               1e-3);
  // With the error of each image under control, and an end at 1, the result is that of a fine grid.
  const at::Tensor own = sit.sample(steps_of(SolverKind::kDopri5, 1));
  expect_close("sit:dopri5 of ours", own, sit.sample(steps_of(SolverKind::kRk4, 60)), 2e-3);
  EXPECT_TRUE(own.narrow(0, 0, 1).equal(sit.sample(steps_of(SolverKind::kDopri5, 1), 1)));
}

TEST_F(Baselines, SitDiffuses) {
  const Baseline sit("sit", "dit");
  const SamplingOptions sigma = steps_of(SolverKind::kEulerMaruyama, 10);
  check("sit", "sde.euler10.sigma", sit.sample(sigma));
  check("sit", "sde.euler10.sigma.cfg1.5.three_channels", sit.sample(guided(sigma, 1.5, 3)));
  SamplingOptions other = sigma;
  other.diffusion_form = DiffusionForm::kLinear;
  check("sit", "sde.euler10.linear", sit.sample(other));
  other.diffusion_form = DiffusionForm::kDecreasing;
  check("sit", "sde.euler10.decreasing", sit.sample(other));
  other = sigma;
  other.last_step = LastStep::kEuler;
  check("sit", "sde.euler10.sigma.last_Euler", sit.sample(other));
  other.last_step = LastStep::kNone;
  other.steps = 9;
  check("sit", "sde.euler10.sigma.last_None", sit.sample(other));
  other = sigma;
  other.diffusion_norm = 0.5;
  check("sit", "sde.euler10.sigma.norm0.5", sit.sample(other));
}

TEST_F(Baselines, RepaRunsItsTimeFromDataToNoise) {
  const Baseline repa("repa", "repa");
  // Its velocity, noise less data, is ours with the sign turned.
  check("repa", "repa.forward", -repa.velocity({0.9f, 0.3f}, {3, 1000}));
  SamplingOptions euler = steps_of(SolverKind::kEuler, 10);
  check("repa", "ode.euler10", repa.sample(euler));
  euler.guidance = GuidanceSchedule::kInterval;
  euler.guidance_start = 0.29999;  // 0 <= 1 - t <= 0.7
  check("repa", "ode.euler10.cfg1.8.interval0_0.7", repa.sample(guided(euler, 1.8, 0)));
  check("repa", "sde.em10", repa.sample(steps_of(SolverKind::kEulerMaruyama, 10)));
}

TEST_F(Baselines, LightningDitTurnsNeighbouringPairs) {
  const nn::RotaryTables tables = nn::cell_rotary_tables(16, 4, 4);
  // Published with each pair's angle twice in a row.
  const auto in_pairs = [](const at::Tensor& halves) {
    return halves.unflatten(1, {2, -1}).transpose(1, 2).flatten(1);
  };
  check("lightningdit", "rope.cos", in_pairs(tables.cos));
  check("lightningdit", "rope.sin", in_pairs(tables.sin));
  const Baseline model("lightningdit", "lightningdit");
  check("lightningdit", "ldit.forward", model.velocity({0.1f, 0.7f}, {3, 10}));
}

TEST_F(Baselines, LightningDitFlows) {
  const Baseline model("lightningdit", "lightningdit");
  const SamplingOptions shifted = steps_of(SolverKind::kEuler, 9, 0.3);
  check("lightningdit", "sample.euler10.shift0.3", model.sample(shifted));
  check("lightningdit", "sample.euler10.shift0", model.sample(steps_of(SolverKind::kEuler, 9)));
  SamplingOptions options = guided(shifted, 6.7, 3);
  options.guidance = GuidanceSchedule::kInterval;
  options.guidance_start = 0.125;
  check("lightningdit", "sample.euler10.shift0.3.cfg6.7", model.sample(options));
}

TEST_F(Baselines, LightningDitGuidesThreeChannels) {
  const Baseline model("lightningdit", "lightningdit");
  const diffusion::VelocityModel field = [&](const at::Tensor& x, const diffusion::Times& t,
                                             const at::Tensor& y) {
    return model.model().velocity(x, at::tensor(t), y);
  };
  // A "step" that is the velocity itself.
  const diffusion::SolverStep velocity = [](const diffusion::SharedTimeField& v,
                                            const at::Tensor& x, float t,
                                            float) { return v(x, t); };
  diffusion::Integration once(
      field, {{3, 7}, model.model().classes()},
      {.schedule = guided(steps_of(SolverKind::kEuler, 1), 6.7, 3), .channels = 3},
      std::make_unique<diffusion::GridSolver>(std::vector{0.5f, 1.f}, velocity), model.input());
  once.advance();
  check("lightningdit", "ldit.cfg6.7.t0.5", as_published(once.state(), 4));
}

TEST_F(Baselines, LightningDitMayHaveQueryNorms) {
  nlohmann::json state = parity::baseline("lightningdit").at("state_dict");
  for (const std::string block : {"blocks.0.", "blocks.1."})
    for (const std::string norm : {"q_norm", "k_norm"})
      state[block + "attn." + norm + ".weight"] = {16};
  const Baseline model("lightningdit", "lightningdit", DType::kFloat32, {}, state);
  check("lightningdit", "ldit.forward.qknorm", model.velocity({0.1f, 0.7f}, {3, 10}));
}

TEST_F(Baselines, LightningDitMayBeBuiltOtherwise) {
  nlohmann::json plain = parity::baseline("lightningdit").at("state_dict");
  for (auto it = plain.begin(); it != plain.end();)
    it = it.key().find("norm") != std::string::npos ||
                 it.key().find("mlp.w") != std::string::npos ||
                 it.key().find("rope") != std::string::npos
             ? plain.erase(it)
             : std::next(it);
  for (const std::string block : {"blocks.0.mlp.", "blocks.1.mlp."}) {
    plain[block + "fc1.weight"] = {256, 64};
    plain[block + "fc1.bias"] = {256};
    plain[block + "fc2.weight"] = {64, 256};
    plain[block + "fc2.bias"] = {64};
  }
  const Baseline gelu("lightningdit", "lightningdit", DType::kFloat32, {}, plain, true);
  check("lightningdit", "ldit.forward.layernorm_gelu", gelu.velocity({0.1f, 0.7f}, {3, 10}));
  const Baseline still("lightningdit", "lightningdit", DType::kFloat32, {}, {}, false);
  check("lightningdit", "ldit.forward.no_rope", still.velocity({0.1f, 0.7f}, {3, 10}));
}

TEST_F(Baselines, RaeFlowsOnFeatures) {
  const Baseline rae("rae", "rae", DType::kFloat32,
                     {{"t_embedder.W", hash_fill("t_embedder.W", {256}, 1.7320508)}});
  const auto& dit = dynamic_cast<const models::DitDh&>(rae.model());
  check("rae", "ditdh.t_features", dit.time_features(at::tensor({0.1f, 0.7f})));
  check("rae", "ditdh.forward", -rae.velocity({0.9f, 0.3f}, {3, 10}));
  const SamplingOptions shifted = steps_of(SolverKind::kEuler, 9, 0.5);
  check("rae", "sample.euler10.shift2", rae.sample(shifted));
  check("rae", "sample.euler10.shift2.cfg1.5", rae.sample(guided(shifted, 1.5, 0)));
}

TEST_F(Baselines, RaeDecodesFeatures) {
  const parity::NamedTensors table = {
      {"decoder_pos_embed", at::constant_pad_nd(nn::position_table(4, 4, 48), {0, 0, 1, 0})}};
  const std::filesystem::path file = parity::written(
      "rae_decoder.safetensors",
      parity::formula_state(parity::baseline("rae").at("decoder_state_dict"), table));
  const auto source = parity::open_spelled(file, models::kVitDecoderSpelling);
  Card card;
  card.patch = 4;
  card.grid = {4, 4};
  card.decoder = DecoderConfig{};
  card.decoder->heads = 4;
  models::VitDecoder decoder(models::kVitDecoder.from_file(card, *source, 12));
  parity::load_for_inference(decoder, *source);
  const at::Tensor latent = hash_fill("input.latent", {2, 16, 12}, 1);
  check("rae", "decoder.logits", decoder.patches(latent));
  // The reference is in the encoder's scale, a decoder's pixels are from -1 to 1.
  const at::Tensor pixels = decoder.pixels(as_published(latent, 4));
  const auto row = [](float r, float g, float b) {
    return at::tensor({r, g, b}).view({1, 3, 1, 1});
  };
  check("rae", "decoder.image",
        ((pixels + 1) / 2 - row(0.485f, 0.456f, 0.406f)) / row(0.229f, 0.224f, 0.225f));
}

TEST_F(Baselines, RitPredictsCleanFeaturesAndTheirClassVector) {
  const Baseline rit("rit", "rit");
  const at::Tensor cls = hash_fill("input.z_cls", {2, 12}, 1.5).unsqueeze(1);
  const at::Tensor found = rit.predicted(at::cat({cls, rit.input()}, 1), {0.1f, 0.7f}, {3, 10});
  check("rit", "rit.forward.cls", found.select(1, 0));
  check("rit", "rit.forward", as_published(found.narrow(1, 1, 16), 4));
  check("rit", "rit.sample.heun5", rit.sample(steps_of(SolverKind::kHeun, 5, 0.5)));
  check("rit", "rit.sample.euler10", rit.sample(steps_of(SolverKind::kEuler, 10, 0.5)));
  // Trained with noise of its own for the class vector; the published sampler takes the mean.
  const auto noise = [](const std::string& key, at::IntArrayRef shape) {
    return hash_fill(key, shape.vec(), 1.7320508);
  };
  const at::Tensor start = at::cat({noise("input.noise_cls", {2, 12}).unsqueeze(1),
                                    as_cells(noise("input.noise", {2, 12, 4, 4}))},
                                   1);
  check("rit", "rit.sample.heun5.independent_cls",
        rit.sample(steps_of(SolverKind::kHeun, 5, 0.5), 2, start));
}

}  // namespace
}  // namespace svgen
