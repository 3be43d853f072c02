// SPDX-License-Identifier: MIT
// Pictures to semantic and residual features.
#pragma once

#include <memory>
#include <mutex>

#include "engine/network_slot.h"
#include "runtime/graphed_network.h"
#include "runtime/lazy.h"
#include "runtime/runtime.h"

namespace svgen::engine {

/// One of the encoders of a card, loaded when its features are first asked for.
class EncoderBranch {
 public:
  EncoderBranch(const ModelFiles& files, ModelPart part,
                const systems::NetworkKind<models::FeatureEncoder>& kind,
                runtime::Runtime& runtime);

  std::shared_ptr<const models::FeatureEncoder> network() { return slot().get(); }
  void replace(const weights::StateSource& source) { slot().replace(source); }

  /// Pixels (n, 3, H, W) on the engine's device -> features (n, T, C) of `network`.
  at::Tensor features(const std::shared_ptr<const models::FeatureEncoder>& network,
                      const at::Tensor& pixels);

 private:
  NetworkSlot<models::FeatureEncoder>& slot();
  /// The network's tables of pictures of this size; kept, since most have the same.
  std::vector<at::Tensor> tables(const std::shared_ptr<const models::FeatureEncoder>& network,
                                 int64_t height, int64_t width);

  const ModelFiles& files_;
  const ModelPart part_;
  const systems::NetworkKind<models::FeatureEncoder>& kind_;
  runtime::Runtime& runtime_;
  runtime::Lazy<NetworkSlot<models::FeatureEncoder>> slot_;
  runtime::GraphedNetwork<models::FeatureEncoder> graphed_;  // of pixels and the tables
  std::mutex mutex_;                                         // of what follows
  std::shared_ptr<const models::FeatureEncoder> of_;         // whose tables_ these are
  int64_t height_ = 0, width_ = 0;
  std::vector<at::Tensor> tables_;
};

class ModelEncoder : public Encoder {
 public:
  /// ConfigurationError when the card has no encoder. All arguments must outlive this.
  ModelEncoder(const ModelFiles& files, const LatentSpec& latent, runtime::Runtime& runtime);

  Features encode(std::span<const ImageView> images, const EncodeOptions& options,
                  const ProgressFunction& progress) override;
  Features encode(std::span<const YcbcrView> images, const EncodeOptions& options,
                  const ProgressFunction& progress) override;

  /// Returns the branch of ModelPart::kEncoder or kResidual.
  EncoderBranch& branch(ModelPart part) {
    return part == ModelPart::kEncoder ? semantic_ : residual_;
  }

 private:
  template <typename View>
  Features encode_views(std::span<const View> images, const EncodeOptions& options,
                        const ProgressFunction& progress);
  at::Tensor posterior(const at::Tensor& moments, const EncodeOptions& options, int64_t first,
                       int64_t count);

  const LatentSpec& latent_;
  runtime::Runtime& runtime_;
  EncoderBranch semantic_, residual_;
  const bool has_residual_;
};

}  // namespace svgen::engine
