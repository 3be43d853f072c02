// SPDX-License-Identifier: MIT
// Latents to pictures.
#pragma once

#include "engine/latent_normalizer.h"
#include "engine/model_files.h"
#include "engine/role_model.h"
#include "models/conv_decoder/conv_decoder.h"
#include "runtime/replayed.h"
#include "runtime/runtime.h"

namespace svgen::engine {

class ModelDecoder : public Decoder {
 public:
  /// Loads the decoder. The references must outlive this.
  ModelDecoder(const ModelFiles& files, const ModelInfo& info, LatentNormalizer& normalizer,
               runtime::Runtime& runtime, Followed followed);

  Tensor decode(const Tensor& latents, Grid grid, bool normalized,
                const ProgressFunction& progress) override;
  bool decode_into(const Tensor& latents, Grid grid, bool normalized,
                   std::span<const MutableImageView> pictures,
                   const ProgressFunction& progress) override;
  bool decode_into(const Tensor& latents, Grid grid, bool normalized,
                   std::span<const MutableYcbcrView> pictures,
                   const ProgressFunction& progress) override;
  bool follow_training(const ProgressFunction& progress) override {
    return model_.follow(progress);
  }

 private:
  template <typename View>
  bool decode_each(const Tensor& latents, const Grid& grid, bool normalized,
                   std::span<const View> pictures, const ProgressFunction& progress);
  /// Checks the call and hands the pixels (n, 3, H, W) of each chunk to `take`.
  bool for_each_picture(const std::shared_ptr<const models::Decoder>& model, const Tensor& latents,
                        const Grid& grid, bool normalized, const ProgressFunction& progress,
                        const std::function<void(int64_t first, const at::Tensor& pixels)>& take);
  at::Tensor pixels(const std::shared_ptr<const models::Decoder>& model, const at::Tensor& latents,
                    const Grid& grid, bool normalized);

  const Card& card_;
  LatentNormalizer& normalizer_;
  runtime::Runtime& runtime_;
  RoleModel<models::Decoder> model_;
  runtime::Replayed<models::Decoder> replayed_;  // of latents (n, C, h, w)
};

}  // namespace svgen::engine
