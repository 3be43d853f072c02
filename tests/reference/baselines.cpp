// SPDX-License-Identifier: MIT
// Sampling with the noise of the reference.
#include "reference/baselines.h"

#include <ATen/ops/tensor.h>

namespace svgen::parity {
namespace {

constexpr double kUnitVariance = 1.7320508;

}  // namespace

at::Tensor sampled(const models::Denoiser& model, int64_t side, const SamplingOptions& options,
                   const diffusion::Process& process, int64_t images, const at::Tensor& start) {
  // Noise of a smaller batch is that of the first images.
  const auto noise = [&](const std::string& key) {
    return as_cells(hash_fill(key, {2, model.channels(), side, side}, kUnitVariance))
        .narrow(0, 0, images)
        .to(model.dtype() == at::kDouble ? at::kDouble : at::kFloat);
  };
  const bool is_prediction = process.path == diffusion::Path::kDiffusion;
  const diffusion::VelocityModel field = [&](const at::Tensor& x, const diffusion::Times& t,
                                             const at::Tensor& y) {
    const at::Tensor conditioning = model.conditioning(at::tensor(t), y);
    return is_prediction ? model.prediction(x, conditioning) : model.velocity(x, conditioning);
  };
  std::vector<int64_t> labels = {3, 7};
  labels.resize(static_cast<size_t>(images));
  const auto step_noise = [&](int64_t step) { return noise("noise.step." + std::to_string(step)); };
  diffusion::Integration run(field, {labels, model.classes()},
                             {.schedule = options, .channels = options.guidance_channels},
                             diffusion::make_solver(options, process, step_noise),
                             start.defined() ? start : model.start(noise("input.noise")));
  while (!run.done()) run.advance();
  return as_published(model.latent(run.state()), side);
}

}  // namespace svgen::parity
