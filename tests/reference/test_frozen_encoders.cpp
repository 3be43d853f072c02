// SPDX-License-Identifier: MIT
// DINOv2 with and without registers, MAE and SigLIP 2 against their published code.
#include <ATen/ops/argsort.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
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

// The port to transformers resamples the table without the authors' offset.
TEST_F(FrozenEncoders, DinoV2MatchesItsPortWithThatResampling) {
  TableVit vit = dinov2(0);
  vit.config.resampling = TableResampling::kBicubic;
  check("dinov2.hf.patch.70x70", patches_of(vit, 70, 70));
  check("dinov2.hf.patch.84x56", patches_of(vit, 84, 56));
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
  const at::Tensor tokens = tokens_of(vit, 64, 64);
  check("mae.tokens", tokens);
  // Its training code shuffles the patches by the rank of a random number, also where it masks
  // none.
  const at::Tensor rank = hash_fill("input.mae_noise", {2, 16}, 0.5, 0.5).argsort(1, false);
  check("mae.ids_restore", rank.argsort(1, false).to(at::kFloat));
  const at::Tensor patches = tokens.narrow(1, 1, 16);
  const at::Tensor shuffled = patches.gather(1, rank.unsqueeze(2).expand_as(patches));
  check("mae.tokens_shuffled", at::cat({tokens.narrow(1, 0, 1), shuffled}, 1));
}

// The head that neither latents nor features use: one query attends to all tokens.
at::Tensor pooled(const at::Tensor& tokens, const parity::NamedTensors& tensors) {
  const auto of = [&](const std::string& name) {
    for (const auto& [key, tensor] : tensors)
      if (key == "head." + name) return tensor;
    throw std::out_of_range(name);
  };
  const auto product = [&](const at::Tensor& x, const std::string& name) {
    return at::linear(x, of(name + ".weight"), of(name + ".bias"));
  };
  const int64_t n = tokens.size(0), width = tokens.size(2), heads = 3;
  const std::vector<at::Tensor> weight = of("attention.in_proj_weight").chunk(3),
                                bias = of("attention.in_proj_bias").chunk(3);
  const auto in_heads = [&](const at::Tensor& x, size_t part) {
    return at::linear(x, weight[part], bias[part])
        .reshape({n, -1, heads, width / heads})
        .transpose(1, 2);
  };
  const at::Tensor probe = of("probe").expand({n, 1, width});
  const at::Tensor attended = at::scaled_dot_product_attention(
      in_heads(probe, 0), in_heads(tokens, 1), in_heads(tokens, 2));
  const at::Tensor x =
      product(attended.transpose(1, 2).reshape({n, 1, width}), "attention.out_proj");
  const at::Tensor normed =
      at::layer_norm(x, {width}, of("layernorm.weight"), of("layernorm.bias"), 1e-6);
  return (x + product(at::gelu(product(normed, "mlp.fc1"), "tanh"), "mlp.fc2")).select(1, 0);
}

// Read from a file in its published spelling, with the head that latents do not use.
TEST_F(FrozenEncoders, Siglip2Matches) {
  const std::string table = "embeddings.position_embedding.weight";
  parity::NamedTensors tensors = parity::formula_state(
      parity::baseline("encoders").at("siglip_keys"), {{table, hash_fill(table, {16, 48}, 0.5)}});
  const parity::NamedTensors unprefixed = tensors;
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
  const at::Tensor tokens = vit.tokens(pixels, vit.positions(4, 4));
  check("siglip.tokens", tokens);
  check("siglip.pooled", pooled(tokens, unprefixed));
}

}  // namespace
}  // namespace svgen
