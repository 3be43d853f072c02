// SPDX-License-Identifier: MIT
// The trainer of phase 2.
#include "train/diffusion_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "diffusion/integration.h"
#include "diffusion/path.h"
#include "engine/model_info.h"
#include "engine/shapes.h"
#include "svgen/error.h"
#include "train/export_card.h"
#include "train/sheet.h"
#include "train/sizes.h"
#include "weights/load.h"

namespace svgen::train {
namespace {

using enum ModelPart;

constexpr int64_t kSheetClasses = 16;

models::DitConfig trained_sizes(const engine::ModelFiles& files, Initialization initialize,
                                int64_t latent_channels) {
  systems::require_trainable(files.card(), kDiffusion);
  return sizes_of(models::kDit, files, initialize, latent_channels);
}

}  // namespace

ModelDiffusionTrainer::ModelDiffusionTrainer(const DiffusionOptions& options, Card card,
                                             Device device, DType dtype)
    // The decoder of the sheets and the statistics are in float32.
    : TrainerBase("diffusion", options, std::move(card), device, dtype, DType::kFloat32),
      options_(options),
      info_(engine::infer_model_info(files_)),
      latent_(engine::latent_spec(files_.card(), info_)),
      normalizer_(files_, runtime_),
      model_(trained_sizes(files_, options.initialize, info_.latent_channels)) {
  if (!options.normalized) normalizer_.load(model_.config.channels, model_.config.cells());
  runtime_.run_recording([this] { initialize(); });
}

void ModelDiffusionTrainer::initialize() {
  const Visit visit = [this](const nn::StateScope& state) { model_.visit(state); };
  if (options_.initialize == Initialization::kModel) {
    files_.verify(kDiffusion);
    weights::load_module(model_, *files_.open(kDiffusion));
  } else {
    nn::draw_initial_weights(visit, models::kDit.initial_weights, options_.seed, 0,
                             files_.card().grid);
  }
  OptimizerConfig config = run_.optimizer_config();
  config.weight_decay = options_.weight_decay;
  run_.add_group("diffusion", visit, config);
  run_.add_exported({{"pos_embed", model_.pos_embed}});
  run_.set_card(exported_card(files_.card(), {{"diffusion", ""}}, options_.class_names));
  run_.publish_to(TrainedWeights::of(files_.card(), "diffusion"));
  run_.begin();
}

void ModelDiffusionTrainer::check(const Tensor& latents, std::span<const int64_t> labels,
                                  std::span<const int64_t> indices) const {
  const models::DitConfig& config = model_.config;
  engine::check_shape("the latents", latents,
                      {static_cast<int64_t>(indices.size()), config.tokens, config.channels});
  engine::check_floating("the latents", latents);
  if (labels.size() != indices.size() || indices.empty()) {
    throw ShapeError("a training batch needs one label and one index for each latent",
                     {.expected = std::to_string(indices.size()) + " labels, one or more",
                      .found = std::to_string(labels.size()),
                      .where = "labels"});
  }
  check_labels(labels, config.classes);
}

at::Tensor ModelDiffusionTrainer::data(const Tensor& latents) const {
  const at::NoGradGuard no_grad;
  const at::Tensor z = to_torch(latents).to(runtime_.torch_device(), at::kFloat);
  // A copy, since the memory behind a stream's tensor may start anywhere.
  return options_.normalized ? z.clone() : normalizer_.normalize(z);
}

TrainReport ModelDiffusionTrainer::train(const Tensor& latents, std::span<const int64_t> labels,
                                         std::span<const int64_t> indices) {
  check(latents, labels, indices);
  if (!run_.agree(true)) return report();
  const auto start = std::chrono::steady_clock::now();
  TrainReport done;
  runtime_.run_recording([&] {
    DiffusionDraws draws = draw_diffusion(options_.seed, indices, labels, model_.config,
                                          options_.shift, options_.class_dropout);
    for (at::Tensor* tensor : {&draws.noise, &draws.times, &draws.labels})
      *tensor = tensor->to(runtime_.torch_device());
    FlatParameters& parameters = run_.exported_group().parameters;
    parameters.bind(dtype_);
    const at::Tensor loss = velocity_loss(model_, data(latents), draws).mean();
    (loss * run_.share()).backward({}, false, false, parameters.leaves());
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    done = run_.complete_batch(indices, {{"loss", loss.item<double>()}}, spent.count());
  });
  return done;
}

at::Tensor ModelDiffusionTrainer::sample_latents(const std::vector<int64_t>& classes) {
  const models::DitConfig& config = model_.config;
  std::vector<int64_t> indices(classes.size());
  std::iota(indices.begin(), indices.end(), 0);
  const at::Tensor noise =
      diffusion::initial_noise(options_.seed, indices, config.tokens, config.channels);
  run_.exported_group().parameters.bind_values(run_.ema().values());
  const auto velocity = [this](const at::Tensor& x, const diffusion::Times& t,
                               const at::Tensor& y) {
    return model_.velocity(x, at::tensor(t).to(x.device()), y);
  };
  const SamplingOptions& sampling = files_.card().sampling;
  diffusion::Integration integration(
      velocity, {classes, config.classes}, {.schedule = sampling},
      diffusion::make_solver(sampling, systems::process_of(files_.card())),
      noise.to(runtime_.torch_device()));
  while (!integration.done()) integration.advance();
  return integration.state();  // (N, T, C), normalised
}

Picture ModelDiffusionTrainer::sample_sheet() {
  if (!files_.names(kStatistics) || files_.open_if_there(kDecoder) == nullptr) return {};
  if (!decoder_)
    decoder_ = std::make_unique<engine::ModelDecoder>(files_, latent_, normalizer_, runtime_);
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < std::min(kSheetClasses, model_.config.classes); ++i) classes.push_back(i);
  Tensor latents;
  runtime_.run_recording([&] {
    const at::NoGradGuard no_grad;
    latents = from_torch(sample_latents(classes));
  });
  const auto columns =
      static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(classes.size()))));
  Sheet sheet(static_cast<int64_t>(classes.size()), columns, latent_.picture_width(),
              latent_.picture_height());
  decoder_->decode_into(latents, latent_.grid(), /*normalized=*/true, sheet.cells(), {});
  return sheet.take();
}

}  // namespace svgen::train
