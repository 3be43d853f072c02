// SPDX-License-Identifier: MIT
// The diffusion transformer of the tiny system against the reference, with the tensors between.
#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>
#include <c10/core/InferenceMode.h>

#include "backend/weights/open_part.h"
#include "models/dit/dit.h"
#include "nn/sine_cosine.h"
#include "ops/ops.h"
#include "reference/parity.h"
#include "weights/load.h"

namespace svgen {
namespace {

using parity::expect_close;
using parity::kFeatureTolerance;

models::Dit tiny_dit(const std::string& file = "tiny/dit_tiny.safetensors",
                     at::ScalarType dtype = at::kFloat) {
  const auto source =
      weights::testing::open_part(parity::data_file(file), ModelPart::kDiffusion, "");
  models::Dit dit(models::infer_dit_config(DiffusionConfig{}, *source));
  weights::load_module(dit, *source, dtype);
  return dit;
}

class DitParity : public testing::Test {
 protected:
  c10::InferenceMode inference_;
  const parity::Cases& cases_ = parity::tiny_cases();
  const at::Tensor z_ = cases_["dit.z"], t_ = cases_["dit.t"], y_ = cases_["dit.y"];
};

TEST_F(DitParity, FeaturesAndEmbeddingsMatch) {
  const models::Dit dit = tiny_dit();
  expect_close("dit.t_feat", nn::time_features(t_, 256), cases_["dit.t_feat"], 1e-6);
  expect_close("dit.t_emb", dit.t_embedder(t_), cases_["dit.t_emb"], kFeatureTolerance);
  expect_close("dit.y_emb", dit.embed_label(y_), cases_["dit.y_emb"], 0);
  expect_close("dit.pos_table", nn::position_table(4, 4, 64), cases_["dit.pos_table"], 1e-6);
  expect_close("dit.tokens_in", dit.embed(z_), cases_["dit.tokens_in"], kFeatureTolerance);
}

// The block begins behind its first norm and ends behind the next one's.
at::Tensor first_block(const models::Dit& dit, const at::Tensor& x, const at::Tensor& c) {
  const std::vector<at::Tensor> m = dit.modulations(c).chunk(6 * dit.config.depth + 2, 1);
  const at::Tensor normed = ops::modulated_layer_norm(x, m[0], m[1], 1e-6, at::kFloat);
  return dit.blocks[0]({x, normed}, m).x;
}

TEST_F(DitParity, FirstBlockMatchesPartByPart) {
  const models::Dit dit = tiny_dit();
  const models::DitBlock& block = dit.blocks[0];
  const at::Tensor c = dit.condition(t_, y_), x = dit.embed(z_);
  const auto m = block.modulation(c).chunk(6, 1);
  expect_close("dit.block0_modulation", at::stack(m, 1), cases_["dit.block0_modulation"],
               kFeatureTolerance);
  expect_close("dit.block0_attn",
               block.attn(ops::modulated_layer_norm(x, m[0], m[1], 1e-6, at::kFloat)),
               cases_["dit.block0_attn"], kFeatureTolerance);
  expect_close("dit.block0_out", first_block(dit, x, c), cases_["dit.block0_out"],
               kFeatureTolerance);
  expect_close("dit.last_tokens", dit.tokens(z_, dit.modulations(c)).x, cases_["dit.last_tokens"],
               kFeatureTolerance);
}

TEST_F(DitParity, OutputMatches) {
  const models::Dit dit = tiny_dit();
  const at::Tensor out = dit.forward_all(z_, t_, y_);
  expect_close("dit.out", out, cases_["dit.out"], kFeatureTolerance);
  expect_close("dit.out.fp32", out, cases_["dit.out.fp32"], kFeatureTolerance);
  expect_close("dit.out(velocity)", dit.forward(z_, t_, y_), cases_["dit.out"].narrow(2, 0, 56),
               kFeatureTolerance);
}

TEST_F(DitParity, EveryContainerMatches) {
  for (const std::string file : {"dit_tiny.pt", "dit_tiny_views.pt"})
    expect_close("dit.out(" + file + ")", tiny_dit("tiny/" + file).forward_all(z_, t_, y_),
                 cases_["dit.out"], kFeatureTolerance);
}

TEST_F(DitParity, ReducedWeightsInFullArithmeticMatch) {
  expect_close("dit.out_bf16_weights", tiny_dit("tiny/dit_tiny_bf16.pt").forward_all(z_, t_, y_),
               cases_["dit.out_bf16_weights"], kFeatureTolerance);
}

TEST_F(DitParity, ReducedArithmeticStaysNear) {
  const models::Dit dit = tiny_dit("tiny/dit_tiny_bf16.pt", at::kBFloat16);
  const at::Tensor out = dit.forward_all(z_, t_, y_);
  EXPECT_EQ(out.scalar_type(), at::kFloat);
  const at::Tensor expected = cases_["dit.out_bf16_weights"];
  expect_close("dit.out_bf16_arith", out, expected, 0.1);
  const double rms = parity::rms_difference(out, expected);
  std::cout << "parity dit.out_bf16_arith(rms) " << rms << " 0.02" << std::endl;
  EXPECT_LE(rms, 0.02);
}

TEST_F(DitParity, NormalisationEpsilonsMatch) {
  models::Dit dit = tiny_dit();
  const nn::StateVisitor shrink = [](const nn::StateSlot& slot) {
    if (slot.name.find("attn.qkv.") != std::string::npos) slot.tensor = slot.tensor * 0.004;
    if (slot.name == "ln1.weight" || slot.name == "ln1.bias" || slot.name == "pos_embed")
      slot.tensor = slot.tensor * 0.002;
  };
  nn::visit_state(dit, shrink);
  expect_close("eps.dit.out", dit.forward_all(z_, t_, y_), cases_["eps.dit.out"],
               kFeatureTolerance);
}

TEST_F(DitParity, TwoHundredFiftySixTokensMatch) {
  const models::Dit dit = tiny_dit("tiny/dit_tiny_256.pt");
  expect_close("dit256.v", dit.forward(cases_["dit256.z"], cases_["dit256.t"], cases_["dit256.y"]),
               cases_["dit256.v"], kFeatureTolerance);
}

}  // namespace
}  // namespace svgen
