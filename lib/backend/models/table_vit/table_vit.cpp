// SPDX-License-Identifier: MIT
// Vision transformers with a table of positions.
#include "models/table_vit/table_vit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include <cmath>

#include "ops/ops.h"
#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::models {
namespace {

// DINOv2's published code adds this to the size before it divides, against rounding.
constexpr double kFactorOffset = 0.1;

at::Tensor plus_branch(const at::Tensor& x, const std::optional<nn::LayerScale>& scale,
                       const at::Tensor& branch) {
  if (scale) return scale->add(x, branch);
  return ops::runs_in_kernels(x) ? ops::gated_sum(x, {}, branch) : x + branch;
}

int64_t side_of(int64_t rows) {
  return std::llround(std::sqrt(static_cast<double>(rows)));
}

}  // namespace

TableVitBlock::TableVitBlock(const TableVitConfig& config)
    : norm1(config.width, config.eps),
      attn({.width = config.width, .heads = config.heads}),
      norm2(config.width, config.eps),
      mlp(config.width, config.mlp, config.activation) {
  if (!config.layer_scale) return;
  ls1.emplace(config.width);
  ls2.emplace(config.width);
}

void TableVitBlock::visit(const nn::StateScope& state) {
  norm1.visit(state.child("norm1"));
  attn.visit(state.child("attn"));
  if (ls1) ls1->visit(state.child("ls1"));
  norm2.visit(state.child("norm2"));
  mlp.visit(state.child("mlp"));
  if (ls2) ls2->visit(state.child("ls2"));
}

at::Tensor TableVitBlock::operator()(at::Tensor x) const {
  const at::ScalarType product = attn.qkv_weight.scalar_type();
  x = plus_branch(x, ls1, attn(norm1.before(product, x)));
  return plus_branch(x, ls2, mlp(norm2.before(product, x)));
}

TableVit::TableVit(const TableVitConfig& vit_config)
    : config(vit_config),
      patch_embed(config.patch, config.width),
      blocks(config.depth, TableVitBlock(config)),
      norm(config.width, config.eps) {}

void TableVit::visit(const nn::StateScope& state) {
  if (config.has_class) state("cls_token", cls_token, {1, 1, config.width});
  if (config.registers > 0)
    state("register_tokens", register_tokens, {1, config.registers, config.width});
  const int64_t rows = config.table + (config.table_has_class ? 1 : 0);
  state("pos_embed", pos_embed, {1, rows, config.width});
  patch_embed.visit(state.child("patch_embed.proj"));
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].visit(state.child("blocks", i));
  norm.visit(state.child("norm"));
}

at::Tensor TableVit::positions(int64_t rows, int64_t columns) const {
  const int64_t side = side_of(config.table), first = config.table_has_class ? 1 : 0;
  if (rows == side && columns == side) return pos_embed;
  const at::Tensor map = pos_embed.narrow(1, first, config.table)
                             .to(at::kFloat)
                             .reshape({1, side, side, config.width})
                             .permute({0, 3, 1, 2})
                             .contiguous();  // (1, D, side, side)
  at::Tensor resampled;
  switch (config.resampling) {
    case TableResampling::kAntialiased:
      resampled = at::_upsample_bicubic2d_aa(map, {rows, columns}, /*align_corners=*/false);
      break;
    case TableResampling::kBicubicByFactor: {
      const auto factor = [&](int64_t size) {
        return (static_cast<double>(size) + kFactorOffset) / static_cast<double>(side);
      };
      resampled = at::upsample_bicubic2d(map, {rows, columns}, /*align_corners=*/false,
                                         factor(rows), factor(columns));
      break;
    }
    case TableResampling::kBicubic:
      resampled = at::upsample_bicubic2d(map, {rows, columns}, /*align_corners=*/false);
      break;
  }
  const at::Tensor table = resampled.flatten(2).transpose(1, 2).to(pos_embed.scalar_type());
  return first == 0 ? table : at::cat({pos_embed.narrow(1, 0, 1), table}, 1);
}

std::vector<at::Tensor> TableVit::tables(int64_t height, int64_t width) const {
  return {positions(height / config.cell, width / config.cell)};
}

at::Tensor TableVit::tokens(const at::Tensor& pixels, const at::Tensor& table) const {
  const at::Tensor patches = patch_embed(pixels);  // (N, T, D)
  const at::ScalarType dtype = patches.scalar_type();
  const int64_t n = patches.size(0), first = config.table_has_class ? 1 : 0;
  std::vector<at::Tensor> all;
  if (config.has_class) {
    at::Tensor cls = cls_token.to(dtype);
    if (first > 0) cls = cls + table.narrow(1, 0, 1).to(dtype);
    all.push_back(cls.expand({n, 1, -1}));
  }
  // Registers have no position.
  if (config.registers > 0) all.push_back(register_tokens.to(dtype).expand({n, -1, -1}));
  all.push_back(patches + table.narrow(1, first, table.size(1) - first).to(dtype));
  at::Tensor x = at::cat(all, 1);  // (N, prefix + T, D)
  for (const TableVitBlock& block : blocks) x = block(x);
  return config.affine ? norm(x) : at::layer_norm(x, {config.width}, {}, {}, config.eps);
}

at::Tensor TableVit::features(const at::Tensor& pixels, at::TensorList tables) const {
  const int64_t rows = pixels.size(2) / config.cell, columns = pixels.size(3) / config.cell;
  at::Tensor scaled = pixels;
  // Normalised pixels scale as pixels do, since the weights of the filter add up to 1.
  if (config.patch != config.cell)
    scaled = at::upsample_bicubic2d(pixels.to(at::kFloat).contiguous(),
                                    {rows * config.patch, columns * config.patch},
                                    /*align_corners=*/false);
  const at::Tensor all = tokens(scaled, tables[0]);
  return all.narrow(1, config.prefix(), rows * columns);  // (N, T, D)
}

}  // namespace svgen::models
