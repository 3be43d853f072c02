// SPDX-License-Identifier: MIT
// Latents to pictures.
#pragma once

#include "engine/latent_normalizer.h"
#include "engine/network_slot.h"
#include "models/network.h"
#include "runtime/graphed_network.h"
#include "runtime/runtime.h"

namespace svgen::engine {

class ModelDecoder : public Decoder {
 public:
  /// Loads the decoder; where its file is missing, it waits for replace() if it may. The references
  /// must outlive this.
  ModelDecoder(const ModelFiles& files, const LatentSpec& latent, LatentNormalizer& normalizer,
               runtime::Runtime& runtime, bool may_be_empty = false);

  NetworkSlot<models::PixelDecoder>& slot() { return slot_; }

  Tensor decode(const Tensor& latents, Grid grid, bool normalized,
                const ProgressFunction& progress) override;
  bool decode_into(const Tensor& latents, Grid grid, bool normalized,
                   std::span<const MutableImageView> pictures,
                   const ProgressFunction& progress) override;
  bool decode_into(const Tensor& latents, Grid grid, bool normalized,
                   std::span<const MutableYcbcrView> pictures,
                   const ProgressFunction& progress) override;

 private:
  template <typename View>
  bool decode_each(const Tensor& latents, const Grid& grid, bool normalized,
                   std::span<const View> pictures, const ProgressFunction& progress);
  /// Checks the call and hands the pixels (n, 3, H, W) of each chunk to `take`.
  bool for_each_picture(const std::shared_ptr<const models::PixelDecoder>& model,
                        const Tensor& latents, const Grid& grid, bool normalized,
                        const ProgressFunction& progress,
                        const std::function<void(int64_t first, const at::Tensor& pixels)>& take);
  at::Tensor pixels(const std::shared_ptr<const models::PixelDecoder>& model,
                    const at::Tensor& latents, const Grid& grid, bool normalized);

  const LatentSpec& latent_;
  LatentNormalizer& normalizer_;
  runtime::Runtime& runtime_;
  NetworkSlot<models::PixelDecoder> slot_;
  runtime::GraphedNetwork<models::PixelDecoder> graphed_;  // of latents (n, C, h, w)
};

}  // namespace svgen::engine
