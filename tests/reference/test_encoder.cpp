// SPDX-License-Identifier: MIT
// The two encoders of the tiny system against the reference, with the tensors between.
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include "backend/weights/open_part.h"
#include "models/dinov3/dinov3.h"
#include "models/residual_vit/residual_vit.h"
#include "reference/parity.h"
#include "weights/load.h"

namespace svgen {
namespace {

using parity::expect_close;
using parity::kFeatureTolerance;
using parity::tiny_cases;

models::DinoV3 tiny_dino(const std::string& file = "tiny/autoencoder_tiny.safetensors") {
  const auto source =
      weights::testing::open_part(parity::data_file(file), ModelPart::kEncoder, "encoder.");
  EncoderConfig card;
  card.heads = 3;
  models::DinoV3 dino(models::infer_dinov3_config(card, *source, 16));
  weights::load_module(dino, *source);
  return dino;
}

models::ResidualVit tiny_residual() {
  const auto source = weights::testing::open_part(
      parity::data_file("tiny/autoencoder_tiny.safetensors"), ModelPart::kResidual, "extra_vit.");
  ResidualConfig card;
  card.heads = 4;
  models::ResidualVit residual(models::infer_residual_vit_config(card, *source, 16));
  weights::load_module(residual, *source);
  return residual;
}

// uint8 (N, H, W, 3) as both encoders receive it: x / 255, ImageNet mean and deviation.
at::Tensor normalised(const at::Tensor& images) {
  const at::Tensor mean = at::tensor({0.485f, 0.456f, 0.406f}).view({1, 3, 1, 1});
  const at::Tensor deviation = at::tensor({0.229f, 0.224f, 0.225f}).view({1, 3, 1, 1});
  const at::Tensor pixels = images.permute({0, 3, 1, 2}).to(at::kFloat) / 255;  // (N, 3, H, W)
  return (pixels - mean) / deviation;
}

class EncoderParity : public testing::Test {
 protected:
  c10::InferenceMode inference_;
  const parity::Cases& cases_ = tiny_cases();
  const at::Tensor input_ = cases_["enc.input"];
};

TEST_F(EncoderParity, RotaryTablesMatch) {
  const nn::RotaryTables tables = tiny_dino().rotary(64, 64);
  expect_close("enc.rope_sin", tables.sin, cases_["enc.rope_sin"], 1e-6);
  expect_close("enc.rope_cos", tables.cos, cases_["enc.rope_cos"], 1e-6);
}

TEST_F(EncoderParity, DinoTensorsMatchStageByStage) {
  const models::DinoV3 dino = tiny_dino();
  at::Tensor x = dino.embed(input_);
  expect_close("enc.dino_embed", x, cases_["enc.dino_embed"], kFeatureTolerance);
  const nn::RotaryTables tables = dino.rotary(64, 64);
  x = dino.blocks[0](x, tables);
  expect_close("enc.dino_block0", x, cases_["enc.dino_block0"], kFeatureTolerance);
  x = dino.blocks[1](x, tables);
  expect_close("enc.dino_prenorm", x, cases_["enc.dino_prenorm"], kFeatureTolerance);
}

TEST_F(EncoderParity, DinoOutputsMatch) {
  const models::DinoV3 dino = tiny_dino();
  const at::Tensor tokens = dino.forward(input_);
  expect_close("enc.dino_cls", tokens.select(1, 0), cases_["enc.dino_cls"], kFeatureTolerance);
  expect_close("enc.dino_storage", tokens.narrow(1, 1, 4), cases_["enc.dino_storage"],
               kFeatureTolerance);
  const at::Tensor patches = dino.patch_tokens(input_);
  expect_close("enc.dino_patch", patches, cases_["enc.dino_patch"], kFeatureTolerance);
  expect_close("enc.dino_patch.fp32", patches, cases_["enc.dino_patch.fp32"], kFeatureTolerance);
}

TEST_F(EncoderParity, RecomputedPeriodsMatch) {
  models::DinoV3 dino = tiny_dino();
  dino.periods = at::Tensor();
  expect_close("enc.dino_patch_exact_periods", dino.patch_tokens(input_),
               cases_["enc.dino_patch_exact_periods"], kFeatureTolerance);
}

TEST_F(EncoderParity, EverySpellingOfTheDinoFileMatches) {
  const at::Tensor stored = cases_["enc.dino_patch"];
  const at::Tensor exact = cases_["enc.dino_patch_exact_periods"];
  expect_close("enc.dino_patch(meta)", tiny_dino("tiny/dino_tiny_meta.pth").patch_tokens(input_),
               stored, kFeatureTolerance);
  expect_close("enc.dino_patch_exact_periods(hf)",
               tiny_dino("tiny/dino_tiny_hf.safetensors").patch_tokens(input_), exact,
               kFeatureTolerance);
  expect_close("enc.dino_patch_exact_periods(timm)",
               tiny_dino("tiny/dino_tiny_timm.safetensors").patch_tokens(input_), exact,
               kFeatureTolerance);
}

TEST_F(EncoderParity, NonSquarePicturesMatch) {
  const models::DinoV3 dino = tiny_dino();
  for (const std::string size : {"64x96", "96x64"}) {
    const std::string name = "enc.dino_patch_rect_" + size;
    const at::Tensor pixels = normalised(cases_["img.rect_" + size + ".u8"]);
    expect_close(name, dino.patch_tokens(pixels), cases_[name], kFeatureTolerance);
  }
}

TEST_F(EncoderParity, DinoNormalisationEpsilonMatches) {
  models::DinoV3 dino = tiny_dino();
  const nn::StateVisitor shrink = [](const nn::StateSlot& slot) {
    for (const char* part : {"patch_embed.proj.", "cls_token", "storage_tokens", ".gamma"})
      if (slot.name.find(part) != std::string::npos) slot.tensor = slot.tensor * 0.003;
  };
  nn::visit_state(dino, shrink);
  expect_close("eps.dino_patch", dino.patch_tokens(input_), cases_["eps.dino_patch"],
               kFeatureTolerance);
}

TEST_F(EncoderParity, ResidualMatches) {
  const at::Tensor raw = tiny_residual().forward(input_).transpose(1, 2);  // (N, 8, T)
  expect_close("enc.resid_raw", raw, cases_["enc.resid_raw"], kFeatureTolerance);
  expect_close("enc.resid_raw.fp32", raw, cases_["enc.resid_raw.fp32"], kFeatureTolerance);
}

TEST_F(EncoderParity, ResidualNormalisationEpsilonMatches) {
  models::ResidualVit residual = tiny_residual();
  const nn::StateVisitor shrink = [](const nn::StateSlot& slot) {
    for (const char* part : {"conv_proj.", "class_token", "pos_embedding", "out_proj.", "mlp.3."})
      if (slot.name.find(part) != std::string::npos) slot.tensor = slot.tensor * 0.001;
  };
  nn::visit_state(residual, shrink);
  expect_close("eps.resid_raw", residual.forward(input_).transpose(1, 2), cases_["eps.resid_raw"],
               kFeatureTolerance);
}

TEST_F(EncoderParity, PixelsOfThePicturesAreTheEncodersInput) {
  expect_close("enc.input", normalised(cases_["img.u8"]), input_, 1e-6);
}

}  // namespace
}  // namespace svgen
