// SPDX-License-Identifier: MIT
// Noise and classes to latents.
#include "engine/sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "diffusion/integration.h"
#include "diffusion/path.h"
#include "diffusion/solver.h"
#include "engine/load_network.h"
#include "engine/sample_request.h"
#include "interop/tensor.h"
#include "ops/products.h"
#include "svgen/error.h"

namespace svgen::engine {

namespace {

// Tokens of a pass, before guidance doubles them: a CPU's products are at their best from there on.
constexpr int64_t kRowsAtOnce = 256;

// What the mask keeps, to the bit: normalising and back would round.
at::Tensor keeping_source(const at::Tensor& x, const SampleRequest& request, int64_t first) {
  const auto part = [&](const Tensor& of) {
    return to_torch(of.rows(first, x.size(0))).to(x.options());
  };
  const at::Tensor is_kept = (part(request.source.mask) == 0).unsqueeze(2);  // (n, T, 1)
  return at::where(is_kept, part(request.source.latents), x);
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

diffusion::Source ModelSampler::source(const SampleRequest& request, int64_t first,
                                       int64_t count) const {
  if (is_noise_alone(request)) return {process_.path};
  const EditSource& from = request.source;
  const at::Tensor latents =
      aligned(runtime_.to_device(to_torch(from.latents.rows(first, count)).to(at::kFloat)));
  diffusion::Source source{process_.path,
                           request.normalized ? latents : normalizer_.normalize(latents),
                           /*is_start=*/from.strength < 1};
  if (from.mask.defined())
    source.mask =
        runtime_.to_device(to_torch(from.mask.rows(first, count)).unsqueeze(2));  // (n, T, 1)
  return source;
}

diffusion::Integration ModelSampler::integration(
    const std::shared_ptr<const models::Denoiser>& model, const SampleRequest& request,
    int64_t first, int64_t count) {
  const auto label = request.classes.begin() + first;
  diffusion::Labels labels{{label, label + count}, model->classes()};
  std::replace(labels.images.begin(), labels.images.end(), kNoClass, labels.null_label);
  std::unique_ptr<diffusion::Solver> solver =
      diffusion::make_solver(request.options, process_, step_noise(*model, request, first, count),
                             request.source.strength);
  const std::vector<float> times = solver->known_times();
  diffusion::Guidance guidance{.schedule = request.options,
                               .channels = request.options.guidance_channels};
  if (request.guidance_model != nullptr)
    guidance.weak = weak_field(*model, request, times, labels.images);
  return {field(model, times, labels.images),
          labels,
          std::move(guidance),
          std::move(solver),
          model->start(noise(*model, request, first, count)),
          source(request, first, count)};
}

at::Tensor ModelSampler::finished(const models::Denoiser& model, const SampleRequest& request,
                                  const at::Tensor& state) const {
  const at::Tensor x = model.latent(state);  // (n, T, C)
  return request.normalized ? x : normalizer_.denormalize(x);
}

void ModelSampler::show(const models::Denoiser& model, const SampleRequest& request,
                        const diffusion::Integration& run, const Progress& progress,
                        int64_t first) {
  if (!request.preview || request.preview_interval <= 0 || run.done() ||
      progress.step % request.preview_interval != 0)
    return;
  Preview preview{first, progress.step, progress.steps, {}};
  runtime_.run(runtime::kSampling, [&] {
    preview.latents = from_torch(finished(model, request, run.predicted()).contiguous());
  });
  request.preview(preview);
}

Tensor ModelSampler::sample(const SampleRequest& request, const ProgressFunction& progress) {
  const std::shared_ptr<const models::Denoiser> model = slot_.get();
  check(*model, request);
  if (request.source.strength < kLeastStrength) return request.source.latents;
  if (!request.normalized) normalizer_.load(model->channels(), model->cells());
  const int64_t images = static_cast<int64_t>(request.indices.size());
  const int64_t at_once = images_at_once(*model);
  at::Tensor latents;
  int64_t finished_images = 0;
  for (bool goes_on = true; goes_on && finished_images < images;) {
    const int64_t first = finished_images;
    const int64_t count = std::min(at_once, images - first);
    std::optional<diffusion::Integration> run;
    runtime_.run(runtime::kSampling,
                 [&] { run.emplace(integration(model, request, first, count)); });
    // Step by step, so that others get their turn on the worker and the caller may stop.
    while (goes_on && !run->done()) {
      runtime_.run(runtime::kSampling, [&] { run->advance(); });
      // An adaptive solver has no number of steps before its end.
      const int64_t expected = run->steps() > 0 ? run->steps() : request.options.steps;
      const Progress done{first + count - 1, run->step(), std::max(expected, run->step())};
      goes_on = !progress || progress(done);
      if (goes_on) show(*model, request, *run, done, first);
    }
    if (!run->done()) break;
    runtime_.run(runtime::kSampling, [&] {
      at::Tensor x = finished(*model, request, run->state());  // (n, T, C)
      if (request.source.mask.defined()) x = keeping_source(x, request, first);
      if (!latents.defined())
        latents = at::empty({images, model->cells(), model->channels()}, x.options());
      latents.narrow(0, first, count).copy_(x);
    });
    runtime_.count_images(runtime::kSampling, count);
    finished_images += count;
  }
  if (finished_images == 0) return {};
  return from_torch(latents.narrow(0, 0, finished_images));  // (N, T, C)
}

}  // namespace svgen::engine
