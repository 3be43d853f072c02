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
  /// The velocity of this model for a solver, or what its network itself predicts; with labels out
  /// of `labels` or the null class.
  diffusion::VelocityModel field(const std::shared_ptr<const models::Denoiser>& model,
                                 const std::vector<float>& times,
                                 const std::vector<int64_t>& labels);

  Tensor sample(const SampleRequest& request, const ProgressFunction& progress) override;

 private:
  int64_t images_at_once(const models::Denoiser& model) const;
  /// The integration of images first .. first + count of the request.
  diffusion::Integration integration(const std::shared_ptr<const models::Denoiser>& model,
                                     const SampleRequest& request, int64_t first, int64_t count);
  /// The velocity of the request's guidance model. ConfigurationError unless it has the same
  /// latent, classes and process as `model`.
  diffusion::VelocityModel weak_field(const models::Denoiser& model, const SampleRequest& request,
                                      const std::vector<float>& times,
                                      const std::vector<int64_t>& labels) const;
  /// What the images are edited from, on the device.
  diffusion::Source source(const SampleRequest& request, int64_t first, int64_t count) const;
  /// Latents of a state (n, T, C), as the request asks for them.
  at::Tensor finished(const models::Denoiser& model, const SampleRequest& request,
                      const at::Tensor& state) const;
  /// Shows what images first .. first + count may become, where the request asks to.
  void show(const models::Denoiser& model, const SampleRequest& request,
            const diffusion::Integration& run, const Progress& progress, int64_t first);
  /// What a stochastic solver adds to images first .. first + count in each step.
  diffusion::StepNoise step_noise(const models::Denoiser& model, const SampleRequest& request,
                                  int64_t first, int64_t count) const;
  /// Noise of images first .. first + count of the request, (N, T, C) on the engine's device.
  at::Tensor noise(const models::Denoiser& model, const SampleRequest& request, int64_t first,
                   int64_t count) const;

  const std::string system_;  // of the card
  const diffusion::Process process_;
  LatentNormalizer& normalizer_;
  runtime::Runtime& runtime_;
  NetworkSlot<models::Denoiser> slot_;
  Velocity velocity_;
};

}  // namespace svgen::engine
