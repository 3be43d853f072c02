// SPDX-License-Identifier: MIT
// Pictures to semantic and residual features.
#pragma once

#include <mutex>

#include "engine/model_files.h"
#include "models/dinov3/dinov3.h"
#include "models/residual_vit/residual_vit.h"
#include "runtime/lazy.h"
#include "runtime/replay.h"
#include "runtime/runtime.h"

namespace svgen::engine {

/// Each of the two encoders is loaded when its features are first asked for.
class ModelEncoder : public Encoder {
 public:
  /// ConfigurationError when the card has no encoder. Both arguments must outlive this.
  ModelEncoder(const ModelFiles& files, runtime::Runtime& runtime);

  Features encode(std::span<const ImageView> images, FeatureKind kind,
                  const ProgressFunction& progress) override;
  Features encode(std::span<const YcbcrView> images, FeatureKind kind,
                  const ProgressFunction& progress) override;

 private:
  template <typename View>
  Features encode_views(std::span<const View> images, FeatureKind kind,
                        const ProgressFunction& progress);
  models::DinoV3& semantic();
  models::ResidualVit& residual();
  /// Of pictures of so many tokens; kept, since most have the same.
  nn::RotaryTables rotary(const Grid& grid);

  const ModelFiles& files_;
  runtime::Runtime& runtime_;
  runtime::Lazy<models::DinoV3> semantic_;
  runtime::Lazy<models::ResidualVit> residual_;
  runtime::Replay semantic_tokens_;  // of pixels and the tables
  runtime::Replay residual_tokens_;  // of pixels
  std::mutex mutex_;                 // of what follows
  Grid grid_;                        // of tables_
  nn::RotaryTables tables_;
};

}  // namespace svgen::engine
