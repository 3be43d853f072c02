// SPDX-License-Identifier: MIT
// DINOv2 with and without registers, MAE and SigLIP 2 against their published code.
#include <ATen/ops/constant_pad_nd.h>
#include <c10/core/InferenceMode.h>

#include "models/table_vit/table_vit.h"
#include "nn/sine_cosine.h"
#include "reference/baselines.h"

namespace svgen {
namespace {

using models::TableResampling;
using models::TableVit;
using models::TableVitConfig;
using parity::hash_fill;

class FrozenEncoders : public testing::Test {
 protected:
  void check(const std::string& name, const at::Tensor& found) {
    parity::expect_close("encoders:" + name, found, cases_[name],
                         parity::tolerance_of("encoders", name));
  }

  c10::InferenceMode inference_;
  const parity::Cases cases_{"baselines/encoders.safetensors"};
};

// A DINOv2 whose table has 4 x 4 places.
TableVit dinov2(int64_t registers, bool affine = true) {
  TableVit vit({.width = 48,
                .depth = 2,
                .heads = 3,
                .mlp = 192,
                .registers = registers,
                .table = 16,
                .affine = affine,
                .resampling = registers > 0 ? TableResampling::kAntialiased
                                            : TableResampling::kBicubicByFactor});
  vit.pos_embed = hash_fill("pos_embed", {1, 17, 48}, 0.5);
  vit.cls_token = hash_fill("cls_token", {1, 1, 48}, 0.5);
  if (registers > 0) vit.register_tokens = hash_fill("register_tokens", {1, registers, 48}, 0.5);
  parity::hash_fill_module(vit);
  return vit;
}

at::Tensor tokens_of(const TableVit& vit, int64_t height, int64_t width) {
  const std::string size = std::to_string(height) + "x" + std::to_string(width);
  const at::Tensor pixels = hash_fill("input.img." + size, {2, 3, height, width}, 2);
  return vit.tokens(pixels, vit.positions(height / vit.config.patch, width / vit.config.patch));
}

at::Tensor patches_of(const TableVit& vit, int64_t height, int64_t width) {
  const at::Tensor all = tokens_of(vit, height, width);
  return all.narrow(1, vit.config.prefix(), all.size(1) - vit.config.prefix());
}

TEST_F(FrozenEncoders, DinoV2Matches) {
  const struct {
    std::string name;
    int64_t registers;
  } rows[] = {{"dinov2_reg", 4}, {"dinov2", 0}};
  for (const auto& [name, registers] : rows) {
    const TableVit vit = dinov2(registers);
    check(name + ".cls.56x56", tokens_of(vit, 56, 56).select(1, 0));
    for (const int64_t size : {56, 70, 112}) {
      const std::string text = std::to_string(size) + "x" + std::to_string(size);
      check(name + ".patch." + text, patches_of(vit, size, size));
    }
    check(name + ".pos.70x70", vit.positions(5, 5));
    check(name + ".patch_affine_free.70x70", patches_of(dinov2(registers, false), 70, 70));
  }
  check("dinov2.patch.84x56", patches_of(dinov2(0), 84, 56));
}

TEST_F(FrozenEncoders, MaeKeepsTheOrderOfItsTokens) {
  TableVit vit({.patch = 16,
                .width = 48,
                .depth = 2,
                .heads = 3,
                .mlp = 192,
                .table = 16,
                .layer_scale = false,
                .resampling = TableResampling::kBicubic});
  vit.pos_embed = at::constant_pad_nd(nn::position_table(4, 4, 48), {0, 0, 1, 0});
  vit.cls_token = hash_fill("cls_token", {1, 1, 48}, 0.5);
  parity::hash_fill_module(vit);
  check("mae.tokens", tokens_of(vit, 64, 64));
}

// Read from a file in its published spelling, with the head that latents do not use.
TEST_F(FrozenEncoders, Siglip2Matches) {
  const std::string table = "embeddings.position_embedding.weight";
  parity::NamedTensors tensors = parity::formula_state(
      parity::baseline("encoders").at("siglip_keys"), {{table, hash_fill(table, {16, 48}, 0.5)}});
  for (auto& [name, tensor] : tensors) name = "vision_model." + name;
  const auto source = parity::open_spelled(parity::written("siglip2.safetensors", tensors),
                                           models::kSiglip2Spelling);
  Card card;
  card.patch = 16;
  card.encoder = EncoderConfig{};
  card.encoder->heads = 3;
  TableVit vit(models::kSiglip2.from_file(card, *source, 0));
  parity::load_for_inference(vit, *source);
  const at::Tensor pixels = hash_fill("input.img.64x64", {2, 3, 64, 64}, 1);
  check("siglip.tokens", vit.tokens(pixels, vit.positions(4, 4)));
}

}  // namespace
}  // namespace svgen
