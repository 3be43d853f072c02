// SPDX-License-Identifier: MIT
// Pictures to the engine's device, as the encoders take them.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <type_traits>

#include "engine/pixels.h"
#include "ops/device.h"
#include "runtime/runtime.h"

namespace svgen::engine {

/// normalized_pixels() computed on a CUDA device from the pictures' bytes, a quarter of what its
/// result would be to copy. Only where ops::device::kPresent.
at::Tensor normalized_on_device(std::span<const ImageView> images, const models::PixelScale& scale,
                                runtime::Runtime& runtime);

/// normalized_pixels() on the engine's device: (N, 3, H, W) float32. To be called inside run().
template <typename View>
at::Tensor uploaded_pixels(std::span<const View> images, const models::PixelScale& scale,
                           runtime::Runtime& runtime) {
  if constexpr (ops::device::kPresent && std::is_same_v<View, ImageView>)
    if (!runtime.device().is_cpu()) return normalized_on_device(images, scale, runtime);
  return runtime.to_device(normalized_pixels(images, scale));
}

}  // namespace svgen::engine
