// SPDX-License-Identifier: MIT
// Requests compared and cut, rows joined.
#include "svg/unfinished_batch.h"

#include <cstring>
#include <utility>

namespace svgen::gst {

int64_t UnfinishedBatch::of(const SampleRequest& other) const {
  const bool is_same = request.seed == other.seed && request.indices == other.indices &&
                       request.classes == other.classes && request.options == other.options &&
                       request.normalized == other.normalized &&
                       request.noise.defined() == other.noise.defined();
  if (!is_same || !latents.defined()) return 0;
  if (!request.noise.defined()) return latents.size(0);
  const bool has_same_noise =
      request.noise.shape() == other.noise.shape() &&
      std::memcmp(request.noise.data(), other.noise.data(), other.noise.byte_count()) == 0;
  return has_same_noise ? latents.size(0) : 0;
}

SampleRequest without_first(const SampleRequest& request, int64_t count) {
  SampleRequest rest = request;
  rest.indices.erase(rest.indices.begin(), rest.indices.begin() + count);
  rest.classes.erase(rest.classes.begin(), rest.classes.begin() + count);
  const auto left = static_cast<int64_t>(rest.indices.size());
  if (rest.noise.defined()) rest.noise = rest.noise.rows(count, left);
  return rest;
}

Tensor joined_rows(const Tensor& first, const Tensor& second) {
  Shape shape = first.shape();
  shape[0] += second.size(0);
  const Tensor joined = Tensor::empty(first.dtype(), std::move(shape));
  const Tensor one = to_host(first), other = to_host(second);
  std::memcpy(joined.data(), one.data(), one.byte_count());
  std::memcpy(static_cast<char*>(joined.data()) + one.byte_count(), other.data(),
              other.byte_count());
  return joined;
}

}  // namespace svgen::gst
