// SPDX-License-Identifier: MIT
// The product of rows with rows in bfloat16 by the processor's tiles (AMX).
//
// A tile holds 16 rows of 16 sums, or of 16 pairs of neighbours along the sum. Every sum runs over
// its pairs in order, from one tile of them to the next: neither the other rows nor the threads
// have a say in it. (oneDNN's own products in tiles choose their blocks, and with them the order,
// by both.)
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/small_product.h"
#include "ops/cpu/vector_math.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define SVGEN_TILES 1
#endif

namespace svgen::ops::cpu {
namespace {

constexpr int64_t kSide = 16;             // rows and sums of a tile
constexpr int64_t kStep = 32;             // numbers along the sum in a tile of pairs
constexpr int64_t kBlock = 2 * kSide;     // rows and columns whose sums are in tiles at a time
constexpr int64_t kTile = kSide * kStep;  // numbers of a tile of pairs

}  // namespace

int64_t tile_weight_size(int64_t in, int64_t out) {
  return rounded_up(in, kStep) * rounded_up(out, kBlock);
}

// Blocks of columns; in them, along the sum, two tiles side by side; in these, pair by pair, the
// two numbers of every column.
void pack_tile_weight(const Bfloat16* w, int64_t in, int64_t out, Bfloat16* packed) {
  const int64_t steps = rounded_up(in, kStep) / kStep;
  at::parallel_for(0, rounded_up(out, kBlock), kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; ++column) {
      Bfloat16* block = packed + (column / kBlock * steps * 2 + column % kBlock / kSide) * kTile +
                        column % kSide * 2;
      for (int64_t i = 0; i < steps * kStep; ++i) {
        const int64_t pair = i % kStep / 2;
        block[i / kStep * 2 * kTile + pair * 2 * kSide + i % 2] =
            column < out && i < in ? w[column * in + i] : Bfloat16{};
      }
    }
  });
}

#ifdef SVGEN_TILES
// Only the code below may use the instructions, nothing that other files share.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-bf16")
namespace {

constexpr int64_t kColumnsAtOnce = 4;  // blocks of columns that meet the same rows

// The operand of the instruction that configures the tiles: the bytes of a row and the rows of
// each.
struct alignas(64) TileSizes {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {kSide, kSide, kSide, kSide, kSide, kSide, kSide, kSide};
};
constexpr TileSizes kTileSizes;

void configure_tiles() {
  _tile_loadconfig(&kTileSizes);
}

void release_tiles() {
  _tile_release();
}

// sums (32, 32) = rows (32, steps 32) times a block of columns.
void multiply_block(const Bfloat16* x, int64_t stride, const Bfloat16* w, int64_t steps,
                    float* sums) {
  const int64_t bytes = stride * static_cast<int64_t>(sizeof(Bfloat16));
  const Bfloat16* lower = x + kSide * stride;
  asm volatile("" ::: "memory");  // the compiler does not know that tiles are read from memory
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < steps; ++i, x += kStep, lower += kStep, w += 2 * kTile) {
    _tile_loadd(4, x, bytes);
    _tile_loadd(5, lower, bytes);
    _tile_loadd(6, w, 64);
    _tile_loadd(7, w + kTile, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  constexpr int64_t kRowBytes = kBlock * sizeof(float);
  _tile_stored(0, sums, kRowBytes);
  _tile_stored(1, sums + kSide, kRowBytes);
  _tile_stored(2, sums + kSide * kBlock, kRowBytes);
  _tile_stored(3, sums + kSide * kBlock + kSide, kRowBytes);
}

// Adds the bias to some rows of 32 sums, applies the activation and rounds them.
void finish_block(float* sums, const float* bias, int64_t rows, int64_t columns,
                  Activation activation, Bfloat16* y, int64_t stride) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < kBlock; c += kLanes)
      store(sums + r * kBlock + c, load(sums + r * kBlock + c) + load(bias + c));
  if (activation != nullptr) activation(sums, sums, rows * kBlock);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; c += kLanes)
      store(y + r * stride + c, load(sums + r * kBlock + c), columns - c);
}

}  // namespace
#pragma GCC pop_options
namespace {

// The rows of x as whole blocks of whole steps: x itself, and a copy of what is not whole.
class WholeRows {
 public:
  WholeRows(const Bfloat16* x, const ProductShape& shape)
      : x_(x), stride_(rounded_up(shape.in, kStep)) {
    copied_from_ = stride_ == shape.in ? shape.rows / kBlock * kBlock : 0;
    copy_.resize(static_cast<size_t>((rounded_up(shape.rows, kBlock) - copied_from_) * stride_));
    for (int64_t row = copied_from_; row < shape.rows; ++row)
      std::copy_n(x + row * shape.in, shape.in, copy_.data() + (row - copied_from_) * stride_);
  }

  int64_t stride() const { return stride_; }
  const Bfloat16* at(int64_t row) const {
    return row < copied_from_ ? x_ + row * stride_ : copy_.data() + (row - copied_from_) * stride_;
  }

 private:
  const Bfloat16* x_;
  int64_t stride_, copied_from_ = 0;
  std::vector<Bfloat16> copy_;
};

bool allows_tiles() {
  constexpr long kAskForFeature = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
  return __builtin_cpu_supports("amx-bf16") && __builtin_cpu_supports("avx512bw") &&
         syscall(SYS_arch_prctl, kAskForFeature, kTileData) == 0;
}

}  // namespace

bool has_tile_products() {
  static const bool has = allows_tiles();
  return has;
}

void tile_product(const Bfloat16* x, const Bfloat16* packed, const float* bias,
                  const ProductShape& shape, Activation activation, Bfloat16* y) {
  const WholeRows rows(x, shape);
  const int64_t steps = rows.stride() / kStep, blocks = rounded_up(shape.out, kBlock) / kBlock;
  std::vector<float> biases(static_cast<size_t>(blocks * kBlock));
  if (bias != nullptr) std::copy_n(bias, shape.out, biases.data());
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    alignas(64) float sums[kBlock * kBlock];
    configure_tiles();
    for (int64_t group = begin; group < end; group += kColumnsAtOnce) {
      const int64_t behind = std::min(group + kColumnsAtOnce, end);
      for (int64_t row = 0; row < shape.rows; row += kBlock) {
        for (int64_t block = group; block < behind; ++block) {
          const int64_t column = block * kBlock;
          multiply_block(rows.at(row), rows.stride(), packed + block * steps * 2 * kTile, steps,
                         sums);
          finish_block(sums, biases.data() + column, std::min(kBlock, shape.rows - row),
                       std::min(kBlock, shape.out - column), activation,
                       y + row * shape.out + column, shape.out);
        }
      }
    }
    release_tiles();
  });
}

#else
bool has_tile_products() {
  return false;
}
void tile_product(const Bfloat16*, const Bfloat16*, const float*, const ProductShape&, Activation,
                  Bfloat16*) {}
#endif

}  // namespace svgen::ops::cpu
