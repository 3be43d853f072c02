// SPDX-License-Identifier: MIT
// Pictures to the engine's device: their bytes as they lie, converted there.
#include "engine/upload.h"

#ifdef SVGEN_CUDA
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <utility>

namespace svgen::engine {
namespace {

// Counts the bytes from the first channel of a plane's first pixel to that of its last one.
int64_t extent(const ImageView& image) {
  return (image.height - 1) * image.row_stride + (image.width - 1) * image.pixel_stride + 1;
}

// The channels of packed pixels lie within one pixel and travel together, others one by one: what
// is between them is not the picture's.
ops::device::PictureBytes upload(const ImageView& image, runtime::Runtime& runtime) {
  const auto [lowest, highest] = std::minmax_element(image.planes.begin(), image.planes.end());
  const int64_t spread = *highest - *lowest;
  const bool packed = spread < image.pixel_stride;
  const int64_t plane = extent(image), count = packed ? plane + spread : 3 * plane;
  ops::device::PictureBytes picture{
      at::empty({count}, at::device(runtime.torch_device()).dtype(at::kByte)),
      {0, plane, 2 * plane},
      image.row_stride,
      image.pixel_stride};
  const auto copy = [&](int64_t to, const uint8_t* from, int64_t size) {
    picture.bytes.narrow(0, to, size)
        .copy_(at::from_blob(const_cast<uint8_t*>(from), {size}, at::kByte));
  };
  for (int c = 0; c < 3; ++c)
    if (packed)
      picture.plane[c] = image.planes[c] - *lowest;
    else
      copy(picture.plane[c], image.planes[c], plane);
  if (packed) copy(0, *lowest, count);
  runtime.count_copied(count);
  return picture;
}

}  // namespace

at::Tensor normalized_on_device(std::span<const ImageView> images, const models::PixelScale& scale,
                                runtime::Runtime& runtime) {
  ops::device::LevelMap map{255.0f, {}, {}};
  std::copy_n(scale.mean.data(), 3, map.mean);
  std::copy_n(scale.std.data(), 3, map.deviation);
  const at::Tensor pixels =
      at::empty({static_cast<int64_t>(images.size()), 3, images[0].height, images[0].width},
                at::device(runtime.torch_device()).dtype(at::kFloat));
  for (size_t n = 0; n < images.size(); ++n)
    ops::device::read_levels(upload(images[n], runtime), pixels[static_cast<int64_t>(n)], map);
  return pixels;
}

}  // namespace svgen::engine
#endif
