// SPDX-License-Identifier: MIT
// Noise and classes to latents.
#include "engine/sampler.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "diffusion/integration.h"
#include "diffusion/path.h"
#include "diffusion/solver.h"
#include "engine/load_network.h"
#include "engine/shapes.h"
#include "interop/tensor.h"
#include "ops/products.h"
#include "svgen/error.h"

namespace svgen::engine {

namespace {

// Tokens of a pass, before guidance doubles them: a CPU's products are at their best from there on.
constexpr int64_t kRowsAtOnce = 256;

void check(const models::Denoiser& model, const SampleRequest& request) {
  validate(request.options);
  if (request.indices.empty() || request.indices.size() != request.classes.size()) {
    throw ShapeError("a request for samples needs one class for each image, and an image at least",
                     {.expected = std::to_string(request.indices.size()) + " classes",
                      .found = std::to_string(request.classes.size()),
                      .where = "classes"});
  }
  for (const int64_t index : request.indices) {
    if (index >= 0) continue;
    throw ConfigurationError(
        "image indices start at 0",
        {.expected = "0 or more", .found = std::to_string(index), .where = "indices"});
  }
  for (const int64_t label : request.classes) {
    if (label >= 0 && label < model.classes()) continue;
    throw ConfigurationError("the model does not know this class: choose one it was trained with",
                             {.expected = "0 to " + std::to_string(model.classes() - 1),
                              .found = std::to_string(label),
                              .where = "classes"});
  }
  if (request.options.guidance_channels > model.channels())
    throw ConfigurationError(
        "the latent has fewer channels than are to be guided: correct "
        "guidance-channels, or take the model that they belong to",
        {.expected = "0 (all) to " + std::to_string(model.channels()),
         .found = std::to_string(request.options.guidance_channels),
         .where = "guidance-channels"});
  if (!request.noise.defined()) return;
  check_shape("the initial noise", request.noise,
              {static_cast<int64_t>(request.indices.size()), model.cells(), model.channels()});
  check_floating("the initial noise", request.noise);
}

}  // namespace

ModelSampler::ModelSampler(const ModelFiles& files, const LatentSpec& latent,
                           LatentNormalizer& normalizer, runtime::Runtime& runtime,
                           bool may_be_empty)
    : system_(files.card().system),
      process_(systems::process_of(files.card())),
      normalizer_(normalizer),
      runtime_(runtime),
      slot_(files, ModelPart::kDiffusion, files.system().diffusion, runtime, may_be_empty,
            latent.channels) {}

at::Tensor ModelSampler::noise(const models::Denoiser& model, const SampleRequest& request,
                               int64_t first, int64_t count) const {
  if (request.noise.defined())
    return aligned(runtime_.to_device(to_torch(request.noise.rows(first, count)).to(at::kFloat)));
  const std::span indices = std::span(request.indices).subspan(first, count);
  return runtime_.to_device(
      diffusion::initial_noise(request.seed, indices, model.cells(), model.channels()));
}

int64_t ModelSampler::images_at_once(const models::Denoiser& model) const {
  // An image must not depend on those beside it, nor on the steps before.
  const bool independent =
      runtime_.torch_device().is_cpu() && ops::has_independent_rows(runtime_.torch_dtype());
  const int64_t wanted = independent ? kRowsAtOnce / std::max<int64_t>(1, model.cells()) : 1;
  return std::max(runtime_.images_at_once(), wanted);
}

diffusion::VelocityModel ModelSampler::field(const std::shared_ptr<const models::Denoiser>& model,
                                             const std::vector<float>& times,
                                             const std::vector<int64_t>& labels) {
  return velocity_.of(model, times, labels,
                      /*is_prediction=*/process_.path == diffusion::Path::kDiffusion);
}

diffusion::VelocityModel ModelSampler::weak_field(const models::Denoiser& model,
                                                  const SampleRequest& request,
                                                  const std::vector<float>& times,
                                                  const std::vector<int64_t>& labels) const {
  auto* weak = dynamic_cast<ModelSampler*>(&request.guidance_model->sampler());
  if (weak == nullptr)
    throw ConfigurationError("the guidance model is not one of this backend",
                             {.expected = "an engine of this library", .where = "guidance-model"});
  const std::shared_ptr<const models::Denoiser> network = weak->slot_.get();
  const auto text = [](const models::Denoiser& of) {
    return std::to_string(of.cells()) + " cells of " + std::to_string(of.channels()) +
           " channels, " + std::to_string(of.classes()) + " classes";
  };
  if (text(*network) != text(model) || weak->system_ != system_)
    throw ConfigurationError(
        "the guidance model is not one of this latent: name a weaker model of the same system",
        {.expected = text(model) + ", system " + system_,
         .found = text(*network) + ", system " + weak->system_,
         .where = "guidance-model"});
  return weak->field(network, times, labels);
}

diffusion::StepNoise ModelSampler::step_noise(const models::Denoiser& model,
                                              const SampleRequest& request, int64_t first,
                                              int64_t count) const {
  const auto begin = request.indices.begin() + first;
  return [this, &model, seed = request.seed,
          images = std::vector<int64_t>(begin, begin + count)](int64_t step) {
    return model.start(runtime_.to_device(
        diffusion::step_noise(seed, images, step, model.cells(), model.channels())));
  };
}

diffusion::Integration ModelSampler::integration(
    const std::shared_ptr<const models::Denoiser>& model, const SampleRequest& request,
    int64_t first, int64_t count) {
  const auto label = request.classes.begin() + first;
  const diffusion::Labels labels{{label, label + count}, model->classes()};
  std::unique_ptr<diffusion::Solver> solver =
      diffusion::make_solver(request.options, process_, step_noise(*model, request, first, count));
  const std::vector<float> times = solver->known_times();
  diffusion::Guidance guidance{.schedule = request.options,
                               .channels = request.options.guidance_channels};
  if (request.guidance_model != nullptr)
    guidance.weak = weak_field(*model, request, times, labels.images);
  return {field(model, times, labels.images), labels, std::move(guidance), std::move(solver),
          model->start(noise(*model, request, first, count))};
}

Tensor ModelSampler::sample(const SampleRequest& request, const ProgressFunction& progress) {
  const std::shared_ptr<const models::Denoiser> model = slot_.get();
  check(*model, request);
  if (!request.normalized) normalizer_.load(model->channels(), model->cells());
  const int64_t images = static_cast<int64_t>(request.indices.size());
  const int64_t at_once = images_at_once(*model);
  at::Tensor latents;
  for (int64_t first = 0; first < images; first += at_once) {
    const int64_t count = std::min(at_once, images - first);
    std::optional<diffusion::Integration> run;
    runtime_.run(runtime::kSampling,
                 [&] { run.emplace(integration(model, request, first, count)); });
    // Step by step, so that others get their turn on the worker and the caller may stop.
    while (!run->done()) {
      runtime_.run(runtime::kSampling, [&] { run->advance(); });
      // An adaptive solver has no number of steps before its end.
      const int64_t steps = std::max(request.options.steps, run->step());
      const Progress done{first + count - 1, run->step(), steps};
      if (progress && !progress(done)) return {};
    }
    runtime_.run(runtime::kSampling, [&] {
      const at::Tensor x = model->latent(run->state());  // (n, T, C)
      if (!latents.defined())
        latents = at::empty({images, model->cells(), model->channels()}, x.options());
      latents.narrow(0, first, count).copy_(request.normalized ? x : normalizer_.denormalize(x));
    });
    runtime_.count_images(runtime::kSampling, count);
  }
  return from_torch(latents);  // (N, T, C)
}

}  // namespace svgen::engine
