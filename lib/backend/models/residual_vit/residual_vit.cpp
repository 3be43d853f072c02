// SPDX-License-Identifier: MIT
// The residual encoder.
#include "models/residual_vit/residual_vit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include <cmath>

#include "models/sizes.h"
#include "ops/ops.h"

namespace svgen::models {
namespace {

constexpr double kEps = 1e-6;
const std::string kLayer = "encoder.layers.encoder_layer_";

nn::AttentionConfig attention_of(const ResidualVitConfig& config) {
  return {.width = config.width, .heads = config.heads, .names = nn::kPackedNames};
}

Grid square(int64_t tokens) {
  const int64_t side = std::llround(std::sqrt(static_cast<double>(tokens)));
  return {side, side};
}

Grid table_grid(const ResidualVitConfig& config) {
  return config.grid.cells() == 0 ? square(config.tokens) : config.grid;
}

using enum nn::InitialWeights;
constexpr nn::InitialWeightsRule kInitialWeights[] = {
    {"class_token", "", kZeros},           {"pos_embedding", "", kNormal, 0.02},
    {"conv_proj", "weight", kFanInNormal}, {"ln", "weight", kOnes},
    {"in_proj_weight", "", kXavier},       {"mlp.", "weight", kXavier},
    {"mlp.", "bias", kNormal, 1e-6},       {"out_proj", "weight", kFanInUniform},
    {"heads.", "", kFanInUniform},         {"", "bias", kZeros},
};

ResidualVitConfig from_card(const Card& card, int64_t /*latent_channels*/, MissingKeys& missing) {
  const ResidualConfig& c = *card.residual;
  missing.require("patch", card.patch);
  missing.require("grid", card.grid.cells());
  missing.require("residual.width", c.width);
  missing.require("residual.depth", c.depth);
  missing.require("residual.heads", c.heads);
  missing.require("residual.mlp", c.mlp);
  missing.require("residual.outputs", c.outputs);
  return {.patch = card.patch,
          .width = c.width,
          .depth = c.depth,
          .heads = c.heads,
          .mlp = c.mlp,
          .outputs = c.outputs,
          .tokens = card.grid.cells(),
          .grid = card.grid};
}

ResidualVitConfig from_file(const Card& card, const weights::StateSource& source,
                            int64_t /*latent_channels*/) {
  return infer_residual_vit_config(*card.residual, source, card.patch, card.grid);
}

}  // namespace

constinit const Component<ResidualVitConfig> kResidualVit = {.part = ModelPart::kResidual,
                                                             .presets = {},
                                                             .spelling = &kResidualVitSpelling,
                                                             .from_file = from_file,
                                                             .from_card = from_card,
                                                             .initial_weights = kInitialWeights};

ResidualVitConfig infer_residual_vit_config(const ResidualConfig& card,
                                            const weights::StateSource& source, int64_t patch,
                                            const Grid& grid) {
  SizeCheck check("residual", source);
  const std::string first_layer = kLayer + "0.";
  ResidualVitConfig config;
  config.width = check.settle("width", card.width, file_size(source, "conv_proj.weight", 4, 0));
  config.patch = file_size(source, "conv_proj.weight", 4, 2);
  if (patch != 0 && patch != config.patch)
    check.reject("patch", std::to_string(config.patch), std::to_string(patch));
  config.depth = check.settle("depth", card.depth, file_count(source, kLayer));
  config.mlp = check.settle("mlp", card.mlp, file_size(source, first_layer + "mlp.0.weight", 2, 0));
  config.outputs = check.settle("outputs", card.outputs, file_size(source, "heads.2.weight", 2, 0));
  config.tokens = file_size(source, "encoder.pos_embedding", 3, 1) - 1;
  config.grid = grid.cells() == config.tokens ? grid : square(config.tokens);
  if (config.tokens == 0 || config.grid.cells() != config.tokens)
    check.reject("grid", "a grid of " + std::to_string(config.tokens) + " tokens",
                 std::to_string(grid.height) + "x" + std::to_string(grid.width));
  config.heads = card.heads;
  check.require_heads("heads", config.heads, config.width);
  check.finish();
  return config;
}

ResidualVitBlock::ResidualVitBlock(const ResidualVitConfig& config)
    : ln_1(config.width, kEps),
      self_attention(attention_of(config)),
      ln_2(config.width, kEps),
      mlp(config.width, config.mlp, ops::Epilogue::kGeluErf, nn::kNumberedMlp) {}

void ResidualVitBlock::visit(const nn::StateScope& state) {
  ln_1.visit(state.child("ln_1"));
  self_attention.visit(state.child("self_attention"));
  ln_2.visit(state.child("ln_2"));
  mlp.visit(state.child("mlp"));
}

at::Tensor ResidualVitBlock::operator()(at::Tensor x) const {
  const at::ScalarType product = self_attention.qkv_weight.scalar_type();
  x = ops::gated_sum(x, {}, self_attention(ln_1.before(product, x)));
  return ops::gated_sum(x, {}, mlp(ln_2.before(product, x)));
}

ResidualVit::ResidualVit(const ResidualVitConfig& vit_config)
    : config(vit_config),
      conv_proj(config.patch, config.width),
      layers(config.depth, ResidualVitBlock(config)),
      ln(config.width, kEps),
      head_hidden(config.width, config.width),
      head_output(config.width, config.outputs) {}

void ResidualVit::visit(const nn::StateScope& state) {
  state("class_token", class_token, {1, 1, config.width});
  conv_proj.visit(state.child("conv_proj"));
  state("encoder.pos_embedding", pos_embedding, {1, 1 + config.tokens, config.width});
  for (size_t i = 0; i < layers.size(); ++i)
    layers[i].visit(state.child(kLayer + std::to_string(i)));
  ln.visit(state.child("encoder.ln"));
  head_hidden.visit(state.child("heads.0"));
  head_output.visit(state.child("heads.2"));
}

at::Tensor ResidualVit::positions(const Grid& grid) const {
  at::Tensor table = pos_embedding.to(nn::carried_dtype(pos_embedding));
  const Grid own = table_grid(config);
  if (grid == own) return table;
  const at::Tensor maps = table.narrow(1, 1, config.tokens)
                              .transpose(1, 2)
                              .reshape({1, config.width, own.height, own.width});  // (1, D, h, w)
  const at::Tensor resized =
      at::upsample_bicubic2d(maps, {grid.height, grid.width}, /*align_corners=*/false);
  return at::cat({table.narrow(1, 0, 1), resized.flatten(2).transpose(1, 2)}, 1);  // (1, 1 + T, D)
}

at::Tensor ResidualVit::forward(const at::Tensor& pixels) const {
  const at::Tensor patches = conv_proj(pixels);  // (N, T, D)
  const Grid grid{pixels.size(2) / config.patch, pixels.size(3) / config.patch};
  const at::Tensor slot =
      class_token.to(patches.scalar_type()).expand({patches.size(0), 1, -1});  // (N, 1, D)
  at::Tensor x = at::cat({slot, patches}, 1) + positions(grid);                // (N, 1 + T, D)
  for (const ResidualVitBlock& layer : layers) x = layer(x);
  x = ln(x).narrow(1, 1, patches.size(1));            // (N, T, D)
  return head_output(ops::gelu_erf(head_hidden(x)));  // (N, T, outputs)
}

}  // namespace svgen::models
