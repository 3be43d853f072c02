// SPDX-License-Identifier: MIT
// Noise and classes to latents.
#pragma once

#include "engine/latent_normalizer.h"
#include "engine/model_files.h"
#include "engine/role_model.h"
#include "engine/velocity.h"
#include "models/dit/dit.h"
#include "runtime/runtime.h"

namespace svgen::engine {

class ModelSampler : public Sampler {
 public:
  /// Loads the diffusion transformer. The references must outlive this.
  ModelSampler(const ModelFiles& files, LatentNormalizer& normalizer, runtime::Runtime& runtime,
               Followed followed);

  Tensor sample(const SampleRequest& request, const ProgressFunction& progress) override;
  bool follow_training(const ProgressFunction& progress) override {
    return model_.follow(progress);
  }

 private:
  /// Noise of images first .. first + count of the request, (N, T, C) on the engine's device.
  at::Tensor noise(const models::DitConfig& config, const SampleRequest& request, int64_t first,
                   int64_t count) const;

  LatentNormalizer& normalizer_;
  runtime::Runtime& runtime_;
  RoleModel<models::Dit> model_;
  Velocity velocity_;
};

}  // namespace svgen::engine
