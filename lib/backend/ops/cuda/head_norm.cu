// SPDX-License-Identifier: MIT
// Cuts the fused product of an attention layer into dense heads, with q and k normalised and turned
// on the way: one read and one write of every value.
#include "ops/cuda/launch.cuh"
#include "ops/cuda/reduce.cuh"

namespace svgen::ops::cuda {
namespace {

// A head is a few packs: several share a warp.
constexpr int kLanes = 16, kHeadsAtOnce = 8;

template <int kPack, typename T>
__device__ Moments moments_of_row(const T* x, int64_t head) {
  Moments own{};
  for (int64_t i = int64_t{threadIdx.x} * kPack; i < head; i += kLanes * kPack)
    own = merged(own, moments_of(load<kPack>(x + i)));
  return merged_over_lanes<kLanes>(own);
}

// Blocks: tokens in x, kHeadsAtOnce heads of one part in y, images in z. Neighbours in threadIdx.y
// are heads of one token, which lie side by side in the product.
template <int kPack, typename T, typename Parameter>
__global__ void __launch_bounds__(kLanes* kHeadsAtOnce)
    split(HeadParts<T, Parameter> parts, int64_t heads, int64_t tokens, int64_t head) {
  const unsigned groups = gridDim.y / parts.count;
  const HeadPart<T, Parameter>& part = parts.part[blockIdx.y / groups];
  const int64_t h = int64_t{blockIdx.y % groups} * kHeadsAtOnce + threadIdx.y;
  const int64_t token = blockIdx.x, image = blockIdx.z;
  // Lanes without a head follow the last one, since a warp's lanes exchange values.
  const int64_t from = h < heads ? h : heads - 1;
  const T* __restrict__ x =
      part.x + image * part.rows.image + from * part.rows.head + token * part.rows.token;
  const bool normed = part.weight != nullptr, centred = part.bias != nullptr;
  Norm norm{0, 1};
  if (normed) {
    const Moments all = moments_of_row<kPack>(x, head);
    const auto eps = static_cast<float>(part.eps);
    norm = centred ? norm_of(all, eps) : root_mean_square(all, eps);
  }
  if (h >= heads) return;
  const auto at = [&](int64_t i) {
    Pack<kPack> v = load<kPack>(x + i);
    if (!normed) return v;
    const Pack<kPack> gain = load<kPack>(part.weight + i);
#pragma unroll
    for (int j = 0; j < kPack; ++j)
      v.value[j] = (v.value[j] - norm.mean) * norm.inverse * gain.value[j];
    if (!centred) return v;
    const Pack<kPack> offset = load<kPack>(part.bias + i);
#pragma unroll
    for (int j = 0; j < kPack; ++j) v.value[j] += offset.value[j];
    return v;
  };
  const bool turns = part.rotation.sin != nullptr && token >= part.rotation.prefix;
  const int64_t angle = (token - part.rotation.prefix) * head, half = head / 2;
  T* __restrict__ y = part.y + ((image * tokens + token) * heads + h) * head;
  for (int64_t i = int64_t{threadIdx.x} * kPack; i < head; i += kLanes * kPack) {
    Pack<kPack> v = at(i);
    if (turns) {
      const Pack<kPack> other = at(i < half ? i + half : i - half);
      const Pack<kPack> sin = load<kPack>(part.rotation.sin + angle + i),
                        cos = load<kPack>(part.rotation.cos + angle + i);
      const float sign = i < half ? -1.0f : 1.0f;
#pragma unroll
      for (int j = 0; j < kPack; ++j)
        v.value[j] = v.value[j] * cos.value[j] + sign * other.value[j] * sin.value[j];
    }
    store(y + i, v);
  }
}

template <int kPack, typename T, typename Parameter>
bool fits(const HeadParts<T, Parameter>& parts, int64_t head) {
  bool all = true;
  for (int i = 0; i < parts.count; ++i) {
    const HeadPart<T, Parameter>& part = parts.part[i];
    // Each half of a head that is turned.
    all = all &&
          in_packs<kPack>(part.rotation.sin == nullptr ? head : head / 2, part.x, part.y,
                          part.weight, part.bias, part.rotation.sin, part.rotation.cos) &&
          part.rows.image % kPack == 0 && part.rows.head % kPack == 0 &&
          part.rows.token % kPack == 0;
  }
  return all;
}

}  // namespace

template <typename T, typename Parameter>
cudaError_t split_heads(const HeadParts<T, Parameter>& parts, const cpu::AttentionShape& shape,
                        cudaStream_t stream) {
  if (parts.count == 0 || shape.images * shape.heads * shape.tokens * shape.head == 0)
    return cudaSuccess;
  constexpr int kPack = 16 / sizeof(T);
  const unsigned groups = blocks_for(shape.heads, kHeadsAtOnce);
  const Launch launch = {dim3(static_cast<unsigned>(shape.tokens), groups * parts.count,
                              static_cast<unsigned>(shape.images)),
                         dim3(kLanes, kHeadsAtOnce)};
  const auto kernel =
      fits<kPack>(parts, shape.head) ? split<kPack, T, Parameter> : split<1, T, Parameter>;
  return start(kernel, launch, stream, parts, shape.heads, shape.tokens, shape.head);
}

#define SVGEN_FOR(T, Parameter)                                                                \
  template cudaError_t split_heads(const HeadParts<T, Parameter>&, const cpu::AttentionShape&, \
                                   cudaStream_t)
SVGEN_FOR(float, float);
SVGEN_FOR(float, Bfloat16);
SVGEN_FOR(Bfloat16, float);
SVGEN_FOR(Bfloat16, Bfloat16);
#undef SVGEN_FOR

}  // namespace svgen::ops::cuda
