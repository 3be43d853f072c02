// SPDX-License-Identifier: MIT
// Latents to pictures.
#include "engine/decoder.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>

#include <string>

#include "engine/pixels.h"
#include "engine/shapes.h"
#include "interop/tensor.h"
#include "svgen/error.h"

namespace svgen::engine {

ModelDecoder::ModelDecoder(const ModelFiles& files, const LatentSpec& latent,
                           LatentNormalizer& normalizer, runtime::Runtime& runtime,
                           bool may_be_empty)
    : latent_(latent),
      normalizer_(normalizer),
      runtime_(runtime),
      slot_(files, ModelPart::kDecoder, systems::decoder_kind(files.card()), runtime, may_be_empty,
            latent.channels),
      graphed_([](const models::PixelDecoder& model, const std::vector<at::Tensor>& inputs) {
        return model.pixels(inputs[0]).to(at::kFloat);
      }) {}

// (n, T, C) -> (n, 3, H, W)
at::Tensor ModelDecoder::pixels(const std::shared_ptr<const models::PixelDecoder>& model,
                                const at::Tensor& latents, const Grid& grid, bool normalized) {
  at::Tensor z = runtime_.to_device(latents).to(at::kFloat);                // (n, T, C)
  if (normalized) z = normalizer_.denormalize(z);                           // (n, T, C)
  z = z.transpose(1, 2).reshape({-1, z.size(2), grid.height, grid.width});  // (n, C, h, w)
  return (*graphed_.of(model))({z});                                        // (n, 3, H, W)
}

bool ModelDecoder::for_each_picture(
    const std::shared_ptr<const models::PixelDecoder>& model, const Tensor& latents,
    const Grid& grid, bool normalized, const ProgressFunction& progress,
    const std::function<void(int64_t first, const at::Tensor& pixels)>& take) {
  check_grid(grid);
  const int64_t channels = model->channels();
  check_shape("the latents", latents, {kAnySize, grid.cells(), channels});
  check_floating("the latents", latents);
  if (normalized) normalizer_.load(channels, grid.cells());
  return runtime_.for_each_chunk(
      runtime::kDecoding, latents.size(0), progress, [&](int64_t first, int64_t count) {
        const at::Tensor chunk = to_torch(latents.rows(first, count));
        if (!at::isfinite(chunk).all().item<bool>())
          throw ShapeError("the latents hold values that are not finite: look at what made them",
                           {.expected = "finite values",
                            .found = "infinities or not-a-number",
                            .where = "image " + std::to_string(first)});
        take(first, pixels(model, chunk, grid, normalized));
      });
}

Tensor ModelDecoder::decode(const Tensor& latents, Grid grid, bool normalized,
                            const ProgressFunction& progress) {
  at::Tensor pictures;
  const auto keep = [&](int64_t first, const at::Tensor& pixels) {
    if (!pictures.defined())
      pictures = at::empty({latents.size(0), 3, pixels.size(2), pixels.size(3)},
                           pixels.options().memory_format(at::MemoryFormat::Contiguous));
    pictures.narrow(0, first, pixels.size(0)).copy_(pixels);
  };
  if (!for_each_picture(slot_.get(), latents, grid, normalized, progress, keep)) return {};
  if (pictures.defined()) return from_torch(pictures);  // (N, 3, H, W)
  return Tensor::empty(DType::kFloat32,
                       {0, 3, grid.height * latent_.cell, grid.width * latent_.cell});
}

template <typename View>
bool ModelDecoder::decode_each(const Tensor& latents, const Grid& grid, bool normalized,
                               std::span<const View> pictures, const ProgressFunction& progress) {
  const std::shared_ptr<const models::PixelDecoder> model = slot_.get();
  check_grid(grid);
  check_pictures(pictures, grid, latent_.cell);
  check_shape("the latents", latents,
              {static_cast<int64_t>(pictures.size()), grid.cells(), model->channels()});
  const auto write = [&](int64_t first, const at::Tensor& pixels) {
    for (int64_t n = 0; n < pixels.size(0); ++n) write_levels(pixels[n], pictures[first + n]);
  };
  return for_each_picture(model, latents, grid, normalized, progress, write);
}

bool ModelDecoder::decode_into(const Tensor& latents, Grid grid, bool normalized,
                               std::span<const MutableImageView> pictures,
                               const ProgressFunction& progress) {
  return decode_each(latents, grid, normalized, pictures, progress);
}

bool ModelDecoder::decode_into(const Tensor& latents, Grid grid, bool normalized,
                               std::span<const MutableYcbcrView> pictures,
                               const ProgressFunction& progress) {
  return decode_each(latents, grid, normalized, pictures, progress);
}

}  // namespace svgen::engine
