// SPDX-License-Identifier: MIT
// The host kernels behind ops.h: float32 (some bfloat16) arrays, cut at fixed places over the
// threads or into rows that do not depend on each other.
#pragma once

#include <cstdint>

namespace svgen::ops::cpu {

/// The upper half of a float32.
enum class Bfloat16 : uint16_t {};

// y[i] = f(x[i]) for i < count; x and y may be the same.
void silu(const float* x, float* y, int64_t count);
void gelu_erf(const float* x, float* y, int64_t count);
void gelu_tanh(const float* x, float* y, int64_t count);
void gelu_tanh(const Bfloat16* x, Bfloat16* y, int64_t count);

/// x_gradient[i] = f'(x[i]) y_gradient[i] for i < count, f being gelu_tanh.
template <typename T>
void gelu_tanh_gradient(const T* x, const T* y_gradient, T* x_gradient, int64_t count);

/// z[i] = silu(x[i]) y[i] for i < count, in float32 inside.
template <typename T>
void silu_product(const T* x, const T* y, T* z, int64_t count);

/// z (rows, half) of x (rows, 2 half): silu of a row's first half times its second half.
template <typename T>
void silu_halves(const T* x, T* z, int64_t rows, int64_t half);

struct GroupNormShape {
  int64_t images, pixels, channels;
  int64_t groups;  // a divisor of channels
};

/// Group normalisation of x (images, pixels, channels) with affine parameters (channels), then
/// y sigmoid(y) when `swish`. Sums are float64.
void group_norm(const float* x, float* y, const GroupNormShape& shape, const float* weight,
                const float* bias, double eps, bool swish);

/// The results of a 3x3 convolution that keeps the size, channels-last.
struct WinogradShape {
  int64_t images, height, width;
  int64_t in, out;
  bool doubles;  // x has half the height and width; each pixel of it stands for 2x2
};

/// The kernels w (3, 3, in, out) as winograd_convolution() takes them: so many numbers.
int64_t winograd_kernels_size(int64_t in, int64_t out);
template <typename W>
void winograd_kernels(const W* w, int64_t in, int64_t out, float* u);

/// y = x * w + bias + added, where x is 0 outside of the image; bias (out), added null or as y.
void winograd_convolution(const float* x, const float* u, const float* bias, const float* added,
                          const WinogradShape& shape, float* y);

struct ProductShape {
  int64_t rows, in, out;
};

/// y (rows, out) += x w^T with x (rows, in) and w (out, in): each number in an order of its own.
template <typename T>
void add_row_products(const T* x, const T* w, const ProductShape& shape, float* y);

/// Whether this CPU multiplies tiles of bfloat16 (AMX) and the system permits it.
bool has_tile_products();

/// The weight w (out, in) as tile_product() takes it: so many numbers.
int64_t tile_weight_size(int64_t in, int64_t out);
void pack_tile_weight(const Bfloat16* w, int64_t in, int64_t out, Bfloat16* packed);

/// Is one of the functions of arrays above.
using Activation = void (*)(const float* x, float* y, int64_t count);

/// y (rows, out) = activation(x w^T + bias) with x (rows, in), rounded once; bias (out) or null,
/// activation null: none. A row's results depend on nothing beside it.
void tile_product(const Bfloat16* x, const Bfloat16* packed, const float* bias,
                  const ProductShape& shape, Activation activation, Bfloat16* y);

/// The same of float32 and bfloat16, where this CPU has the instructions (AVX-512, for bfloat16
/// products of pairs).
template <typename T>
bool has_panel_products();
template <typename T>
int64_t panel_weight_size(int64_t in, int64_t out);
template <typename T>
void pack_panel_weight(const T* w, int64_t in, int64_t out, T* packed);
template <typename T>
void panel_product(const T* x, const T* packed, const float* bias, const ProductShape& shape,
                   Activation activation, T* y);

/// Rows of tokens: (images, tokens, width), dense.
struct TokenShape {
  int64_t images, tokens, width;
};

/// One row of `width` for each image, `stride` apart.
struct RowOfImage {
  const float* data;
  int64_t stride;
};

/// (x - mean) / sqrt(biased variance + eps) of each row, or x / sqrt(mean of x^2 + eps) where it is
/// not `centred`, times base + scale plus shift.
template <typename Out>
void modulated_layer_norm(const float* x, Out* y, const TokenShape& shape, const RowOfImage& shift,
                          const RowOfImage& scale, float base, double eps, bool centred = true);

/// y = x + gate * branch.
template <typename Branch>
void gated_sum(const float* x, const Branch* branch, float* y, const TokenShape& shape,
               const RowOfImage& gate);

/// What the gradient of y = gated_sum() and of modulated_layer_norm(y), with a base of 1, starts
/// from: y_gradient may be null, for zeros.
template <typename T>
struct SumAndNormInput {
  const float* y;
  const T* branch;
  const float* y_gradient;
  const T* normed_gradient;
  RowOfImage gate, scale;
  double eps;
  bool centred;
};

/// Where it goes: x and branch as tokens, the others as dense rows, one for each image.
template <typename T>
struct SumAndNormGradients {
  float* x;
  T* branch;
  float* gate;
  float* shift;
  float* scale;
};

template <typename T>
void gated_sum_and_norm_gradient(const SumAndNormInput<T>& from, const TokenShape& shape,
                                 const SumAndNormGradients<T>& to);

/// Says where the rows of one of q, k, v lie: elements from one image, head, token to the next; the
/// elements of a head are neighbours.
struct HeadRows {
  int64_t image, head, token;
};

/// An affine layer norm over the head; bias null: a root mean square norm; weight null: none.
struct HeadNorm {
  const float* weight = nullptr;
  const float* bias = nullptr;
  double eps = 0;
};

/// Axial positions (nn/rotary.h): the halves x1, x2 of the head of token prefix + t become
/// x1 cos - x2 sin and x2 cos + x1 sin, with row t of the tables (tokens, head). sin null: none.
struct HeadRotation {
  const float* sin = nullptr;
  const float* cos = nullptr;
  int64_t prefix = 0;
};

template <typename T>
struct AttentionInput {
  const T* data;
  HeadRows rows;
  HeadNorm norm;  // of q and k, and then their positions
  HeadRotation rotation;
};

struct AttentionShape {
  int64_t images, heads, tokens, head;
};

/// softmax(q k^T scale) v for every head, into y (images, tokens, heads * head). All in float32.
template <typename T>
void attention(const AttentionInput<T>& q, const AttentionInput<T>& k, const AttentionInput<T>& v,
               const AttentionShape& shape, double scale, T* y);

}  // namespace svgen::ops::cpu
