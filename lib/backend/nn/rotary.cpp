// SPDX-License-Identifier: MIT
// Rotary positions: periods, tables and the rotation.
#include "nn/rotary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <cmath>

#include "svgen/error.h"

namespace svgen::nn {
namespace {

constexpr float kTurn = 6.28318530717958648f;

// (i + 0.5) / size on [0, 1], mapped to [-1, 1].
float centre(int64_t i, int64_t size) {
  return 2.0f * ((static_cast<float>(i) + 0.5f) / static_cast<float>(size)) - 1.0f;
}

}  // namespace

at::Tensor rotary_periods(int64_t head, double base) {
  if (head < 4 || head % 4 != 0)
    throw ShapeError("rotary positions need a head size that is a positive multiple of 4",
                     {.expected = "a multiple of 4", .found = std::to_string(head)});
  at::Tensor periods = at::empty({head / 4}, at::kFloat);
  float* values = periods.mutable_data_ptr<float>();
  for (int64_t i = 0; i < head / 4; ++i)
    values[i] = static_cast<float>(std::pow(base, static_cast<double>(i) / (head / 4)));
  return periods;
}

RotaryTables rotary_tables(const at::Tensor& periods, int64_t height, int64_t width) {
  const at::Tensor host = periods.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* period = host.const_data_ptr<float>();
  const int64_t count = host.numel();
  at::Tensor sin = at::empty({height * width, 4 * count}, at::kFloat);  // (T, head)
  at::Tensor cos = at::empty({height * width, 4 * count}, at::kFloat);  // (T, head)
  float* sines = sin.mutable_data_ptr<float>();
  float* cosines = cos.mutable_data_ptr<float>();
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column)
      for (int64_t repeat = 0; repeat < 2; ++repeat)
        for (const float coordinate : {centre(row, height), centre(column, width)})
          for (int64_t i = 0; i < count; ++i) {
            const float angle = kTurn * coordinate / period[i];
            *sines++ = std::sin(angle);
            *cosines++ = std::cos(angle);
          }
  return {sin.to(periods.device()), cos.to(periods.device())};
}

at::Tensor rotate(const at::Tensor& x, const RotaryTables& tables, int64_t prefix) {
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
