// SPDX-License-Identifier: MIT
// Pictures to semantic and residual features.
#pragma once

#include "models/dinov3.h"
#include "models/residual_vit.h"
#include "roles/lazy.h"
#include "roles/model_files.h"
#include "roles/runtime.h"

namespace svgen::roles {

/// Each of the two encoders is loaded when its features are first asked for.
class ModelEncoder : public Encoder {
 public:
  /// ConfigurationError when the card has no encoder. Both arguments must outlive this.
  ModelEncoder(const ModelFiles& files, Runtime& runtime);

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

  const ModelFiles& files_;
  Runtime& runtime_;
  Lazy<models::DinoV3> semantic_;
  Lazy<models::ResidualVit> residual_;
};

}  // namespace svgen::roles
