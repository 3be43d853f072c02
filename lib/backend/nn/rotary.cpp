// SPDX-License-Identifier: MIT
// Rotary positions: periods, tables and the rotation.
#include "nn/rotary.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "svgen/error.h"

namespace svgen::nn {
namespace {

constexpr float kTurn = 6.28318530717958648f;
constexpr double kCellBase = 10000;

// (i + 0.5) / size on [0, 1], mapped to [-1, 1].
float centre(int64_t i, int64_t size) {
  return 2.0f * ((static_cast<float>(i) + 0.5f) / static_cast<float>(size)) - 1.0f;
}

// Holds the angles of each of `size` places, one after the other.
struct AxisTables {
  std::vector<float> sin, cos;
};

AxisTables axis_tables(std::span<const float> periods, int64_t size) {
  AxisTables tables;
  for (int64_t i = 0; i < size; ++i)
    for (const float period : periods) {
      const float angle = kTurn * centre(i, size) / period;
      tables.sin.push_back(std::sin(angle));
      tables.cos.push_back(std::cos(angle));
    }
  return tables;
}

AxisTables cell_axis_tables(int64_t count, int64_t size) {
  AxisTables tables;
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j < count; ++j) {
      const double share = static_cast<double>(j) / static_cast<double>(count);
      const double angle = static_cast<double>(i) * std::pow(kCellBase, -share);
      tables.sin.push_back(static_cast<float>(std::sin(angle)));
      tables.cos.push_back(static_cast<float>(std::cos(angle)));
    }
  return tables;
}

// For each token [rows' angles, columns' angles], twice: (T, 4 count) on the host.
RotaryTables tiled(const AxisTables& rows, const AxisTables& columns, int64_t count, int64_t height,
                   int64_t width) {
  at::Tensor sin = at::empty({height * width, 4 * count}, at::kFloat);
  at::Tensor cos = at::empty({height * width, 4 * count}, at::kFloat);
  float* sines = sin.mutable_data_ptr<float>();
  float* cosines = cos.mutable_data_ptr<float>();
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column)
      for (int64_t repeat = 0; repeat < 2; ++repeat)
        for (const auto& [axis, i] : {std::pair(&rows, row), std::pair(&columns, column)}) {
          sines = std::copy_n(axis->sin.data() + i * count, count, sines);
          cosines = std::copy_n(axis->cos.data() + i * count, count, cosines);
        }
  return {sin, cos};
}

void check_head(int64_t head) {
  if (head >= 4 && head % 4 == 0) return;
  throw ShapeError("rotary positions need a head size that is a positive multiple of 4",
                   {.expected = "a multiple of 4", .found = std::to_string(head)});
}

}  // namespace

at::Tensor rotary_periods(int64_t head, double base) {
  check_head(head);
  const int64_t count = head / 4;
  at::Tensor periods = at::empty({count}, at::kFloat);
  float* values = periods.mutable_data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count);
    values[i] = static_cast<float>(std::pow(base, share));
  }
  return periods;
}

RotaryTables rotary_tables(const at::Tensor& periods, int64_t height, int64_t width) {
  const at::Tensor host = periods.detach().to(at::kCPU, at::kFloat).contiguous();
  const int64_t count = host.numel();
  const std::span values(host.const_data_ptr<float>(), static_cast<size_t>(count));
  const RotaryTables tables =
      tiled(axis_tables(values, height), axis_tables(values, width), count, height, width);
  return {tables.sin.to(periods.device()), tables.cos.to(periods.device())};
}

RotaryTables cell_rotary_tables(int64_t head, int64_t height, int64_t width) {
  check_head(head);
  const int64_t count = head / 4;
  return tiled(cell_axis_tables(count, height), cell_axis_tables(count, width), count, height,
               width);
}

at::Tensor pairs_as_halves(const at::Tensor& x) {
  return x.unflatten(-1, {x.size(-1) / 2, 2}).transpose(-1, -2).flatten(-2);
}

namespace {

// One pass over x (N, heads, prefix + T, head): y1 = x1 cos - x2 sin, y2 = x2 cos + x1 sin of the
// two halves of each token behind the prefix; the others are copied. `sign` -1 turns back.
at::Tensor rotate_on_host(const at::Tensor& x, const at::Tensor& sin, const at::Tensor& cos,
                          int64_t prefix, float sign) {
  const at::Tensor in = x.stride(3) == 1 ? x : x.contiguous();
  at::Tensor out = at::empty(x.sizes(), x.options().memory_format(at::MemoryFormat::Contiguous));
  const int64_t heads = x.size(1), tokens = x.size(2), head = x.size(3), half = head / 2;
  const float* from = in.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  const float *sines = sin.const_data_ptr<float>(), *cosines = cos.const_data_ptr<float>();
  at::parallel_for(0, x.size(0) * heads, 4, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* source = from + row / heads * in.stride(0) + row % heads * in.stride(1);
      float* target = to + row * tokens * head;
      for (int64_t t = 0; t < tokens; ++t, source += in.stride(2), target += head) {
        if (t < prefix) {
          std::copy_n(source, head, target);
          continue;
        }
        const float *c = cosines + (t - prefix) * head, *s = sines + (t - prefix) * head;
        for (int64_t i = 0; i < half; ++i) {
          const float x1 = source[i], x2 = source[half + i], turn = sign * s[i];
          target[i] = x1 * c[i] - x2 * turn;
          target[half + i] = x2 * c[i] + x1 * turn;
        }
      }
    }
  });
  return out;
}

// The gradient of a rotation is the rotation back.
class Rotation : public torch::autograd::Function<Rotation> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& sin, const at::Tensor& cos, int64_t prefix) {
    context->saved_data["sin"] = sin;
    context->saved_data["cos"] = cos;
    context->saved_data["prefix"] = prefix;
    return rotate_on_host(x, sin, cos, prefix, 1);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const at::Tensor gradient = rotate_on_host(gradients[0], context->saved_data["sin"].toTensor(),
                                               context->saved_data["cos"].toTensor(),
                                               context->saved_data["prefix"].toInt(), -1);
    return {gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor rotate(const at::Tensor& x, const RotaryTables& tables, int64_t prefix) {
  if (x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4) {
    return c10::GradMode::is_enabled() && x.requires_grad()
               ? Rotation::apply(x, tables.sin, tables.cos, prefix)
               : rotate_on_host(x, tables.sin, tables.cos, prefix, 1);
  }
  const int64_t tokens = tables.sin.size(0), half = tables.sin.size(1) / 2;
  const at::Tensor turned = x.narrow(2, prefix, tokens);                   // (N, heads, T, head)
  const at::Tensor x1 = turned.narrow(3, 0, half);                         // (N, heads, T, head/2)
  const at::Tensor x2 = turned.narrow(3, half, half);                      // (N, heads, T, head/2)
  const at::Tensor cos = tables.cos.to(x.scalar_type());                   // (T, head)
  const at::Tensor sin = tables.sin.to(x.scalar_type());                   // (T, head)
  const at::Tensor rotated = turned * cos + at::cat({-x2, x1}, -1) * sin;  // (N, heads, T, head)
  return at::cat({x.narrow(2, 0, prefix), rotated}, 2);  // (N, heads, prefix + T, head)
}

}  // namespace svgen::nn
