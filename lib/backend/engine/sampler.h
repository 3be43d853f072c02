// SPDX-License-Identifier: MIT
// Noise and classes to latents.
#pragma once

#include "diffusion/integration.h"
#include "engine/latent_normalizer.h"
#include "engine/network_slot.h"
#include "engine/velocity.h"
#include "models/network.h"
#include "runtime/runtime.h"

namespace svgen::engine {

class ModelSampler : public Sampler {
 public:
  /// Loads the denoiser; where its file is missing, it waits for replace() if it may. The
  /// references must outlive this.
  ModelSampler(const ModelFiles& files, const LatentSpec& latent, LatentNormalizer& normalizer,
               runtime::Runtime& runtime, bool may_be_empty = false);

  NetworkSlot<models::Denoiser>& slot() { return slot_; }

  Tensor sample(const SampleRequest& request, const ProgressFunction& progress) override;

 private:
  int64_t images_at_once(const models::Denoiser& model) const;
  /// The integration of images first .. first + count of the request.
  diffusion::Integration integration(const std::shared_ptr<const models::Denoiser>& model,
                                     const SampleRequest& request, int64_t first, int64_t count);
  /// Noise of images first .. first + count of the request, (N, T, C) on the engine's device.
  at::Tensor noise(const models::Denoiser& model, const SampleRequest& request, int64_t first,
                   int64_t count) const;

  const diffusion::Process process_;
  LatentNormalizer& normalizer_;
  runtime::Runtime& runtime_;
  NetworkSlot<models::Denoiser> slot_;
  Velocity velocity_;
};

}  // namespace svgen::engine
