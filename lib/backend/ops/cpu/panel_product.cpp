// SPDX-License-Identifier: MIT
// The product of rows with packed columns, in float32 and in pairs of bfloat16.
//
// A unit is 32 bits along the sum: a number, or a pair of neighbours. A panel holds the units of 48
// columns, one after the other. Every sum runs over its units in order: neither the other rows nor
// the threads have a say in it.
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/small_product.h"
#include "ops/cpu/vector_math.h"
#include "runtime/processor.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SVGEN_PANELS 1
#endif

namespace svgen::ops::cpu {
namespace {

constexpr int kVectors = 3;
constexpr int64_t kColumns = kVectors * kLanes;  // of a panel
constexpr int kRows = 8;                         // whose sums with a panel fill the registers
constexpr int kFewRows = 2;                      // where there are no more
constexpr int64_t kPiece = 512;                  // units: short sums round less
template <typename T>
constexpr int64_t kOfUnit = 4 / sizeof(T);  // numbers

template <typename T>
constexpr int64_t units(int64_t in) {
  return rounded_up(in, kOfUnit<T>) / kOfUnit<T>;
}

}  // namespace

template <typename T>
int64_t panel_weight_size(int64_t in, int64_t out) {
  return units<T>(in) * kOfUnit<T> * rounded_up(out, kColumns);
}

// The units of some columns, 0 behind the last number of each; where they are not whole or not all
// there, number by number.
template <typename T>
void pack_panel_weight(const T* w, int64_t in, int64_t out, T* packed) {
  constexpr int64_t kUnit = kOfUnit<T>;
  const int64_t length = units<T>(in);
  at::parallel_for(0, rounded_up(out, kColumns) / kColumns, 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t column = panel * kColumns, columns = std::min(kColumns, out - column);
      T* to = packed + column * length * kUnit;
      if (columns < kColumns || in % kUnit != 0) {
        std::fill_n(to, kColumns * length * kUnit, T{});
        for (int64_t c = 0; c < columns; ++c)
          for (int64_t i = 0; i < in; ++i)
            to[(i / kUnit * kColumns + c) * kUnit + i % kUnit] = w[(column + c) * in + i];
        continue;
      }
      const auto* from = reinterpret_cast<const uint32_t*>(w) + column * length;
      auto* units_to = reinterpret_cast<uint32_t*>(to);
      for (int64_t first = 0; first < length; first += kLanes)  // a line of the cache
        for (int64_t c = 0; c < kColumns; ++c)
          for (int64_t i = first; i < std::min(first + kLanes, length); ++i)
            units_to[i * kColumns + c] = from[c * length + i];
    }
  });
}

#ifdef SVGEN_PANELS
// Only the code below may use the instructions, nothing that other files share.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
namespace {

SVGEN_INLINE __m512 add_product(float, __m512 sum, __m512 factor, __m512 row) {
  return _mm512_fmadd_ps(factor, row, sum);
}

SVGEN_INLINE __m512 add_product(Bfloat16, __m512 sum, __m512 factor, __m512 row) {
  return _mm512_dpbf16_ps(sum, std::bit_cast<__m512bh>(factor), std::bit_cast<__m512bh>(row));
}

SVGEN_INLINE void put(float* to, Floats x) {
  store(to, x);
}

SVGEN_INLINE void put(Bfloat16* to, Floats x) {
  const auto halves = _mm512_cvtneps_pbh(std::bit_cast<__m512>(x));
  std::memcpy(to, &halves, sizeof halves);
}

// sums (Rows, kColumns) += rows of units, `stride` apart, times a panel of them.
template <int Rows, typename T>
SVGEN_INLINE void multiply_panel(const float* x, int64_t stride, const float* panel, int64_t n,
                                 float* sums) {
  __m512 own[Rows][kVectors] = {};
  for (int64_t i = 0; i < n; ++i, ++x, panel += kColumns) {
    __m512 units[kVectors];
    SVGEN_UNROLL for (int v = 0; v < kVectors; ++v) units[v] = _mm512_loadu_ps(panel + v * kLanes);
    SVGEN_UNROLL for (int row = 0; row < Rows; ++row) {
      const __m512 factor = _mm512_set1_ps(x[row * stride]);
      SVGEN_UNROLL for (int v = 0; v < kVectors; ++v) own[row][v] =
          add_product(T{}, own[row][v], factor, units[v]);
    }
  }
  SVGEN_UNROLL for (int row = 0; row < Rows; ++row)
      SVGEN_UNROLL for (int v = 0; v < kVectors; ++v) {
    float* to = sums + row * kColumns + v * kLanes;
    _mm512_storeu_ps(to, _mm512_loadu_ps(to) + own[row][v]);
  }
}

// Applies the activation to some rows of sums and rounds them.
template <typename T>
SVGEN_INLINE void finish_panel(float* sums, int64_t rows, int64_t columns, Activation activation,
                               T* y, int64_t stride) {
  if (activation != nullptr) activation(sums, sums, rows * kColumns);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; c += kLanes) {
      const Floats x = load(sums + r * kColumns + c);
      T* to = y + r * stride + c;
      columns - c >= kLanes ? put(to, x) : store(to, x, columns - c);
    }
}

// Rows as whole units, and as many as a turn takes: x itself, or a copy.
template <typename T>
class WholeUnits {
 public:
  WholeUnits(const T* x, const ProductShape& shape, int64_t least)
      : data_(reinterpret_cast<const float*>(x)), stride_(units<T>(shape.in)) {
    if (stride_ * kOfUnit<T> == shape.in && shape.rows >= least) return;
    const int64_t length = stride_ * kOfUnit<T>;
    copy_.resize(static_cast<size_t>(std::max(shape.rows, least) * length));
    for (int64_t row = 0; row < shape.rows; ++row)
      std::copy_n(x + row * shape.in, shape.in, copy_.data() + row * length);
    data_ = reinterpret_cast<const float*>(copy_.data());
  }

  int64_t stride() const { return stride_; }
  const float* at(int64_t row) const { return data_ + row * stride_; }

 private:
  const float* data_;
  int64_t stride_;
  std::vector<T> copy_;
};

// Turns [begin, end): those of a panel follow each other.
template <int Rows, typename T>
SVGEN_INLINE void take_turns(const WholeUnits<T>& x, const T* packed, const float* biases,
                             const ProductShape& shape, Activation activation, T* y, int64_t begin,
                             int64_t end) {
  alignas(64) float sums[Rows * kColumns];
  const int64_t in_panel = rounded_up(shape.rows, Rows) / Rows;
  const auto* panels = reinterpret_cast<const float*>(packed);
  for (int64_t turn = begin; turn < end; ++turn) {
    const int64_t panel = turn / in_panel, column = panel * kColumns;
    const int64_t row = turn % in_panel * Rows;
    // The last rows are multiplied with some before them, which are done.
    const int64_t first = std::max<int64_t>(0, std::min(row, shape.rows - Rows));
    for (int r = 0; r < Rows; ++r) std::copy_n(biases + column, kColumns, sums + r * kColumns);
    for (int64_t unit = 0; unit < x.stride(); unit += kPiece)
      multiply_panel<Rows, T>(x.at(first) + unit, x.stride(),
                              panels + column * x.stride() + unit * kColumns,
                              std::min(kPiece, x.stride() - unit), sums);
    finish_panel(sums + (row - first) * kColumns, std::min<int64_t>(Rows, shape.rows - row),
                 std::min(kColumns, shape.out - column), activation, y + row * shape.out + column,
                 shape.out);
  }
}

template <int Rows, typename T>
void multiply_rows(const T* x, const T* packed, const float* bias, const ProductShape& shape,
                   Activation activation, T* y) {
  const WholeUnits<T> rows(x, shape, Rows);
  const int64_t panels = rounded_up(shape.out, kColumns) / kColumns;
  std::vector<float> biases(static_cast<size_t>(panels * kColumns));
  if (bias != nullptr) std::copy_n(bias, shape.out, biases.data());
  at::parallel_for(
      0, panels * (rounded_up(shape.rows, Rows) / Rows), 1, [&](int64_t begin, int64_t end) {
        take_turns<Rows>(rows, packed, biases.data(), shape, activation, y, begin, end);
      });
}

}  // namespace
#pragma GCC pop_options

template <>
bool has_panel_products<float>() {
  return runtime::has_wide_vectors();
}

template <>
bool has_panel_products<Bfloat16>() {
  return runtime::has_pair_products();
}

template <typename T>
void panel_product(const T* x, const T* packed, const float* bias, const ProductShape& shape,
                   Activation activation, T* y) {
  (shape.rows < kRows ? multiply_rows<kFewRows, T> : multiply_rows<kRows, T>)(x, packed, bias,
                                                                              shape, activation, y);
}

#else
template <>
bool has_panel_products<float>() {
  return false;
}
template <>
bool has_panel_products<Bfloat16>() {
  return false;
}
template <typename T>
void panel_product(const T*, const T*, const float*, const ProductShape&, Activation, T*) {}
#endif

#define SVGEN_PANELS_OF(T)                                         \
  template int64_t panel_weight_size<T>(int64_t, int64_t);         \
  template void pack_panel_weight(const T*, int64_t, int64_t, T*); \
  template void panel_product(const T*, const T*, const float*, const ProductShape&, Activation, T*)
SVGEN_PANELS_OF(float);
SVGEN_PANELS_OF(Bfloat16);
#undef SVGEN_PANELS_OF

}  // namespace svgen::ops::cpu
