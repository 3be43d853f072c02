// SPDX-License-Identifier: MIT
// Noise and classes to latents.
#include "engine/sampler.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <optional>
#include <string>

#include "diffusion/path.h"
#include "diffusion/sampler.h"
#include "engine/model_info.h"
#include "engine/shapes.h"
#include "interop/tensor.h"
#include "ops/products.h"
#include "svgen/error.h"
#include "svgen/random.h"

namespace svgen::engine {

using weights::Role;

namespace {

// Tokens of a pass, before guidance doubles them: a CPU's products are at their best from there on.
constexpr int64_t kRowsAtOnce = 256;

void check(const models::DitConfig& config, const SampleRequest& request) {
  validate(request.options);
  if (request.indices.empty() || request.indices.size() != request.classes.size()) {
    throw ShapeError("a request for samples needs one class for each image, and an image at least",
                     {std::to_string(request.indices.size()) + " classes",
                      std::to_string(request.classes.size()), "classes"});
  }
  for (const int64_t index : request.indices) {
    if (index >= 0) continue;
    throw ConfigurationError("image indices start at 0",
                             {"0 or more", std::to_string(index), "indices"});
  }
  for (const int64_t label : request.classes) {
    if (label >= 0 && label < config.classes) continue;
    throw ConfigurationError(
        "the model does not know this class: choose one it was trained with",
        {"0 to " + std::to_string(config.classes - 1), std::to_string(label), "classes"});
  }
  if (!request.noise.defined()) return;
  check_shape("the initial noise", request.noise,
              {static_cast<int64_t>(request.indices.size()), config.tokens, config.channels});
  check_floating("the initial noise", request.noise);
}

}  // namespace

ModelSampler::ModelSampler(const ModelFiles& files, LatentNormalizer& normalizer,
                           runtime::Runtime& runtime, Followed followed)
    : normalizer_(normalizer),
      runtime_(runtime),
      model_(files, Role::kDiffusion, runtime, diffusion_config, std::move(followed)) {}

at::Tensor ModelSampler::noise(const models::DitConfig& config, const SampleRequest& request,
                               int64_t first, int64_t count) const {
  if (request.noise.defined()) {
    return aligned(runtime_.to_device(to_torch(request.noise.rows(first, count)).to(at::kFloat)));
  }
  const int64_t elements = config.tokens * config.channels;
  at::Tensor noise = at::empty({count, config.tokens, config.channels}, at::kFloat);
  for (int64_t n = 0; n < count; ++n) {
    normal_noise(request.seed, static_cast<uint64_t>(request.indices[first + n]), 0,
                 {noise.mutable_data_ptr<float>() + n * elements, static_cast<size_t>(elements)});
  }
  return runtime_.to_device(noise);
}

Tensor ModelSampler::sample(const SampleRequest& request, const ProgressFunction& progress) {
  const std::shared_ptr<const models::Dit> model = model_.get();
  const models::DitConfig& config = model->config;
  check(config, request);
  if (!request.normalized) normalizer_.load(config.channels);
  const std::vector<float> times =
      diffusion::time_grid(request.options.steps, request.options.shift);
  const int64_t images = static_cast<int64_t>(request.indices.size());
  // An image must not depend on those beside it, nor on the steps before.
  const bool independent =
      runtime_.torch_device().is_cpu() && ops::has_independent_rows(runtime_.torch_dtype());
  const int64_t wanted = independent ? kRowsAtOnce / std::max<int64_t>(1, config.tokens) : 1;
  const int64_t at_once = std::max(runtime_.images_at_once(), wanted);
  at::Tensor latents;
  for (int64_t first = 0; first < images; first += at_once) {
    const int64_t count = std::min(at_once, images - first);
    const auto label = request.classes.begin() + first;
    std::optional<diffusion::Integration> integration;
    runtime_.run(runtime::kSampling, [&] {
      const std::vector<int64_t> labels(label, label + count);
      integration.emplace(
          diffusion::GuidedModel{velocity_.of(model, times, labels), labels, config.classes},
          noise(config, request, first, count), request.options);
    });
    // Step by step, so that others get their turn on the worker and the caller may stop.
    while (!integration->done()) {
      runtime_.run(runtime::kSampling, [&] { integration->advance(); });
      const Progress done{first + count - 1, integration->step(), request.options.steps};
      if (progress && !progress(done)) return {};
    }
    runtime_.run(runtime::kSampling, [&] {
      const at::Tensor& x = integration->state();  // (n, T, C)
      if (!latents.defined()) {
        latents = at::empty({images, config.tokens, config.channels}, x.options());
      }
      latents.narrow(0, first, count).copy_(request.normalized ? x : normalizer_.denormalize(x));
    });
    runtime_.count_images(runtime::kSampling, count);
  }
  return from_torch(latents);  // (N, T, C)
}

}  // namespace svgen::engine
