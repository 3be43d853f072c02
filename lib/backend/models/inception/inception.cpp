// SPDX-License-Identifier: MIT
// The Inception network of Frechet distances.
#include "models/inception/inception.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/upsample_bilinear2d.h>

namespace svgen::models {
namespace {

constexpr double kNormEps = 1e-3;
constexpr int64_t kClasses = 1008;

using Unit = Inception::Unit;
using Block = Inception::Block;
using Pool = Inception::Pool;

// The units of one block; names are below its own.
struct Builder {
  std::string block;
  int64_t in;  // channels that come into the block

  Unit unit(const std::string& name, int64_t from, int64_t out, int64_t height,
            int64_t width) const {
    return {.name = block + "." + name, .in = from, .out = out, .height = height, .width = width};
  }
  Unit point(const std::string& name, int64_t out) const { return unit(name, in, out, 1, 1); }
  // The last unit of a branch in a block that halves the size.
  Unit halving(const std::string& name, int64_t from, int64_t out) const {
    Unit made = unit(name, from, out, 3, 3);
    made.stride = 2;
    made.padded = false;
    return made;
  }
};

Unit stem(const std::string& name, int64_t in, int64_t out, int64_t side, int64_t stride,
          bool padded) {
  return {.name = name,
          .in = in,
          .out = out,
          .height = side,
          .width = side,
          .stride = stride,
          .padded = padded};
}

Block block_a(const Builder& b, int64_t pooled) {
  return {{.units = {b.point("branch1x1", 64)}},
          {.units = {b.point("branch5x5_1", 48), b.unit("branch5x5_2", 48, 64, 5, 5)}},
          {.units = {b.point("branch3x3dbl_1", 64), b.unit("branch3x3dbl_2", 64, 96, 3, 3),
                     b.unit("branch3x3dbl_3", 96, 96, 3, 3)}},
          {.pool = Pool::kAverage, .units = {b.point("branch_pool", pooled)}}};
}

Block block_b(const Builder& b) {
  return {{.units = {b.halving("branch3x3", b.in, 384)}},
          {.units = {b.point("branch3x3dbl_1", 64), b.unit("branch3x3dbl_2", 64, 96, 3, 3),
                     b.halving("branch3x3dbl_3", 96, 96)}},
          {.pool = Pool::kHalve}};
}

Block block_c(const Builder& b, int64_t mid) {
  return {
      {.units = {b.point("branch1x1", 192)}},
      {.units = {b.point("branch7x7_1", mid), b.unit("branch7x7_2", mid, mid, 1, 7),
                 b.unit("branch7x7_3", mid, 192, 7, 1)}},
      {.units = {b.point("branch7x7dbl_1", mid), b.unit("branch7x7dbl_2", mid, mid, 7, 1),
                 b.unit("branch7x7dbl_3", mid, mid, 1, 7), b.unit("branch7x7dbl_4", mid, mid, 7, 1),
                 b.unit("branch7x7dbl_5", mid, 192, 1, 7)}},
      {.pool = Pool::kAverage, .units = {b.point("branch_pool", 192)}}};
}

Block block_d(const Builder& b) {
  return {
      {.units = {b.point("branch3x3_1", 192), b.halving("branch3x3_2", 192, 320)}},
      {.units = {b.point("branch7x7x3_1", 192), b.unit("branch7x7x3_2", 192, 192, 1, 7),
                 b.unit("branch7x7x3_3", 192, 192, 7, 1), b.halving("branch7x7x3_4", 192, 192)}},
      {.pool = Pool::kHalve}};
}

Block block_e(const Builder& b, Pool pool) {
  return {
      {.units = {b.point("branch1x1", 320)}},
      {.units = {b.point("branch3x3_1", 384)},
       .ends = {b.unit("branch3x3_2a", 384, 384, 1, 3), b.unit("branch3x3_2b", 384, 384, 3, 1)}},
      {.units = {b.point("branch3x3dbl_1", 448), b.unit("branch3x3dbl_2", 448, 384, 3, 3)},
       .ends = {b.unit("branch3x3dbl_3a", 384, 384, 1, 3),
                b.unit("branch3x3dbl_3b", 384, 384, 3, 1)}},
      {.pool = pool, .units = {b.point("branch_pool", 192)}}};
}

at::Tensor pooled(const at::Tensor& x, Pool pool) {
  switch (pool) {
    case Pool::kAverage:
      return at::avg_pool2d(x, {3, 3}, {1, 1}, {1, 1}, /*ceil_mode=*/false,
                            /*count_include_pad=*/false);
    case Pool::kMax:
      return at::max_pool2d(x, {3, 3}, {1, 1}, {1, 1});
    case Pool::kHalve:
      return at::max_pool2d(x, {3, 3}, {2, 2});
    case Pool::kNone:
      break;
  }
  return x;
}

at::Tensor run(const Inception::Branch& branch, const at::Tensor& x) {
  at::Tensor h = pooled(x, branch.pool);
  for (const Unit& unit : branch.units) h = unit(h);
  if (branch.ends.empty()) return h;
  std::vector<at::Tensor> ends;
  for (const Unit& unit : branch.ends) ends.push_back(unit(h));
  return at::cat(ends, 1);
}

}  // namespace

void Inception::Unit::visit(const nn::StateScope& state) {
  constexpr nn::SlotKind kFrozen = nn::SlotKind::kBuffer;
  const nn::StateScope scope = state.child(name);
  scope("conv.weight", weight, {out, in, height, width}, kFrozen);
  scope("bn.weight", gain, {out}, kFrozen);
  scope("bn.bias", shift, {out}, kFrozen);
  scope("bn.running_mean", mean, {out}, kFrozen);
  scope("bn.running_var", variance, {out}, kFrozen);
  scope("bn.num_batches_tracked", batches, {}, nn::SlotKind::kOptional);
}

at::Tensor Inception::Unit::operator()(const at::Tensor& x) const {
  const int64_t rows = padded ? height / 2 : 0, columns = padded ? width / 2 : 0;
  const at::Tensor h =
      at::conv2d(x, weight, {}, {stride, stride}, {rows, columns});  // (N, out, h, w)
  return at::relu(at::batch_norm(h, gain, shift, mean, variance, /*training=*/false,
                                 /*momentum=*/0, kNormEps, /*cudnn_enabled=*/true));
}

Inception::Inception() {
  blocks = {
      {{.units = {stem("Conv2d_1a_3x3", 3, 32, 3, 2, false),
                  stem("Conv2d_2a_3x3", 32, 32, 3, 1, false),
                  stem("Conv2d_2b_3x3", 32, 64, 3, 1, true)}}},
      {{.pool = Pool::kHalve,
        .units = {stem("Conv2d_3b_1x1", 64, 80, 1, 1, true),
                  stem("Conv2d_4a_3x3", 80, 192, 3, 1, false)}}},
      {{.pool = Pool::kHalve}},
      block_a({"Mixed_5b", 192}, 32),
      block_a({"Mixed_5c", 256}, 64),
      block_a({"Mixed_5d", 288}, 64),
      block_b({"Mixed_6a", 288}),
      block_c({"Mixed_6b", 768}, 128),
      block_c({"Mixed_6c", 768}, 160),
      block_c({"Mixed_6d", 768}, 160),
      block_c({"Mixed_6e", 768}, 192),
      block_d({"Mixed_7a", 768}),
      block_e({"Mixed_7b", 1280}, Pool::kAverage),
      block_e({"Mixed_7c", 2048}, Pool::kMax),
  };
}

void Inception::visit(const nn::StateScope& state) {
  for (Block& block : blocks)
    for (Branch& branch : block)
      for (std::vector<Unit>* units : {&branch.units, &branch.ends})
        for (Unit& unit : *units) unit.visit(state);
  state("fc.weight", classifier_weight, {kClasses, kFeatures}, nn::SlotKind::kOptional);
  state("fc.bias", classifier_bias, {kClasses}, nn::SlotKind::kOptional);
}

at::Tensor Inception::features(const at::Tensor& pictures) const {
  at::Tensor h = 2 * at::upsample_bilinear2d(pictures, {kSide, kSide}, /*align_corners=*/false) - 1;
  for (const Block& block : blocks) {
    std::vector<at::Tensor> outputs;
    for (const Branch& branch : block) outputs.push_back(run(branch, h));
    h = outputs.size() == 1 ? outputs[0] : at::cat(outputs, 1);
  }
  return h.mean({2, 3});  // (N, 2048)
}

}  // namespace svgen::models
