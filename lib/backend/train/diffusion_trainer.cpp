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
#include "weights/prefixed_source.h"

namespace svgen::train {
namespace {

using enum ModelPart;

constexpr int64_t kSheetClasses = 16;
constexpr const char* kProjector = "projectors.0";

// Streams of initial weights.
enum Stream : uint32_t { kTransformerStream, kProjectorStream };

// What the system was published with, unless the options say otherwise.
diffusion::Objective resolved(const DiffusionOptions& options, diffusion::Objective objective) {
  if (options.times != TimeDistribution::kSystem)
    objective.logit_normal = options.times == TimeDistribution::kLogitNormal;
  if (options.shift >= 0) objective.shift = options.shift;
  if (options.repa_weight >= 0) objective.alignment_weight = options.repa_weight;
  return objective;
}

void check_process(const DiffusionOptions& options, const diffusion::Process& process,
                   const diffusion::Objective& objective, const Card& card) {
  if (process.path == diffusion::Path::kDiffusion && objective.alignment_weight > 0)
    throw ConfigurationError("a diffusion of noise is not aligned with features here",
                             {.expected = "a system that predicts a velocity, or a weight of 0",
                              .found = card.system,
                              .where = "repa-weight"});
  const bool has_times = options.times != TimeDistribution::kSystem || options.shift > 0;
  if (process.path != diffusion::Path::kDiffusion || !has_times) return;
  throw ConfigurationError("a diffusion is trained at its own steps, one as often as another",
                           {.expected = "neither a distribution of times nor a shift",
                            .found = "one of them",
                            .where = card.path.string() + ", system " + card.system});
}

// The projector that the objective asks for; none without features.
std::optional<models::Projector> make_projector(const DiffusionOptions& options,
                                                const diffusion::Objective& objective,
                                                const models::TokenStream& tokens) {
  const bool has_features = options.repa_channels > 0;
  if (objective.alignment_weight > 0 && !has_features)
    throw ConfigurationError(
        "tokens are aligned with features, and no features come: link a stream of them, or train "
        "without",
        {.expected = "features of the same images, or a weight of 0",
         .found = "a weight of " + std::to_string(objective.alignment_weight),
         .where = "repa-weight"});
  if (objective.alignment_weight <= 0 && has_features)
    throw ConfigurationError(
        "features come that the loss has no use for: give them a weight",
        {.expected = "0.5, as published", .found = "0", .where = "repa-weight"});
  if (!has_features) return std::nullopt;
  if (options.repa_depth < 1 || options.repa_depth > tokens.depth)
    throw ConfigurationError("the network has no tokens behind the block that is to be aligned",
                             {.expected = "1 to " + std::to_string(tokens.depth),
                              .found = std::to_string(options.repa_depth),
                              .where = "repa-depth"});
  return models::Projector({tokens.width, options.repa_width, options.repa_channels});
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
      process_(systems::process_of(files_.card())),
      objective_(resolved(options, systems::objective_of(files_.card()))) {
  check_process(options_, process_, objective_, files_.card());
  model_ = network_of(systems::system_of(files_.card()).diffusion, kDiffusion, files_,
                      options.initialize, info_.latent_channels);
  projector_ = make_projector(options_, objective_, model_->token_stream());
  if (!options.normalized) normalizer_.load(model_->channels(), model_->cells());
  runtime_.run_recording([this] { initialize(); });
}

void ModelDiffusionTrainer::visit(const nn::StateScope& state) {
  model_->visit(state);
  if (projector_) projector_->visit(state.child(kProjector));
}

void ModelDiffusionTrainer::initialize_networks() {
  const Card& card = files_.card();
  const Grid tokens = model_->token_stream().grid;
  nn::draw_initial_weights([this](const nn::StateScope& state) { model_->visit(state); },
                           systems::system_of(card).diffusion.initial_weights, options_.seed,
                           kTransformerStream, tokens.cells() > 0 ? tokens : card.grid);
  if (projector_)
    nn::draw_initial_weights([this](const nn::StateScope& state) { projector_->visit(state); },
                             models::kProjectorInitialWeights, options_.seed, kProjectorStream);
  if (options_.initialize == Initialization::kScratch) return;
  files_.verify(kDiffusion);
  weights::load_module(*model_, *files_.open(kDiffusion));
  const auto source = weights::prefixed_source(
      weights::open_weights(card.locate(card.diffusion->source)), std::string(kProjector) + ".");
  if (projector_ && !source->tensors().empty()) weights::load_module(*projector_, *source);
}

void ModelDiffusionTrainer::initialize() {
  initialize_networks();
  OptimizerConfig config = run_.optimizer_config();
  config.weight_decay = options_.weight_decay;
  run_.add_group(
      "diffusion", [this](const nn::StateScope& state) { visit(state); }, config);
  run_.add_exported(untrained([this](const nn::StateScope& state) { model_->visit(state); }));
  run_.set_card(exported_card(files_.card(), {{"diffusion", ""}}, options_.class_names));
  run_.publish_to(TrainedWeights::of(files_.card(), "diffusion"));
  run_.begin();
}

void ModelDiffusionTrainer::check(const Tensor& latents, std::span<const int64_t> labels,
                                  std::span<const int64_t> indices, const Tensor& features) const {
  const auto images = static_cast<int64_t>(indices.size());
  engine::check_shape("the latents", latents, {images, model_->cells(), model_->channels()});
  engine::check_floating("the latents", latents);
  if (labels.size() != indices.size() || indices.empty()) {
    throw ShapeError("a training batch needs one label and one index for each latent",
                     {.expected = std::to_string(indices.size()) + " labels, one or more",
                      .found = std::to_string(labels.size()),
                      .where = "labels"});
  }
  check_labels(labels, model_->classes());
  if (!projector_) return;
  engine::check_shape("the features", features,
                      {images, model_->token_stream().grid.cells(), options_.repa_channels});
  engine::check_floating("the features", features);
}

at::Tensor ModelDiffusionTrainer::data(const Tensor& latents) const {
  const at::NoGradGuard no_grad;
  const at::Tensor z = to_torch(latents).to(runtime_.torch_device(), at::kFloat);
  // A copy, since the memory behind a stream's tensor may start anywhere.
  return options_.normalized ? z.clone() : normalizer_.normalize(z);
}

Metrics ModelDiffusionTrainer::accumulate_gradients(const Tensor& latents,
                                                    std::span<const int64_t> labels,
                                                    std::span<const int64_t> indices,
                                                    const Tensor& features) {
  DiffusionDraws draws =
      draw_diffusion(options_.seed, indices, labels,
                     {model_->cells(), model_->channels(), model_->classes(), process_.path},
                     objective_, options_.class_dropout);
  for (at::Tensor* tensor : {&draws.noise, &draws.times, &draws.labels})
    *tensor = tensor->to(runtime_.torch_device());
  std::optional<Alignment> alignment;
  if (projector_)
    alignment = {[this](const at::Tensor& tokens) { return (*projector_)(tokens); },
                 options_.repa_depth, to_torch(features).to(runtime_.torch_device(), at::kFloat)};
  FlatParameters& parameters = run_.exported_group().parameters;
  parameters.bind(dtype_);
  const DiffusionLoss loss = diffusion_loss(*model_, process_, objective_, data(latents), draws,
                                            alignment ? &*alignment : nullptr);
  const at::Tensor total = loss.total(objective_);
  (total * run_.share()).backward({}, false, false, parameters.leaves());
  Metrics metrics = {{"loss", total.item<double>()}};
  const std::pair<const char*, const at::Tensor*> terms[] = {
      {"variational", &loss.variational}, {"cosine", &loss.cosine}, {"alignment", &loss.alignment}};
  for (const auto& [name, term] : terms)
    if (term->defined()) metrics.emplace_back(name, term->mean().item<double>());
  if (metrics.size() > 1)
    metrics.insert(metrics.begin() + 1, {"squared", loss.squared.mean().item<double>()});
  return metrics;
}

TrainReport ModelDiffusionTrainer::train(const Tensor& latents, std::span<const int64_t> labels,
                                         std::span<const int64_t> indices, const Tensor& features) {
  check(latents, labels, indices, features);
  if (!run_.agree(true)) return report();
  const auto start = std::chrono::steady_clock::now();
  TrainReport done;
  runtime_.run_recording([&] {
    const Metrics metrics = accumulate_gradients(latents, labels, indices, features);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    done = run_.complete_batch(indices, metrics, spent.count());
  });
  return done;
}

at::Tensor ModelDiffusionTrainer::sample_latents(const std::vector<int64_t>& classes) {
  std::vector<int64_t> indices(classes.size());
  std::iota(indices.begin(), indices.end(), 0);
  const int64_t cells = model_->cells(), channels = model_->channels();
  const at::Device device = runtime_.torch_device();
  const at::Tensor noise =
      diffusion::initial_noise(options_.seed, indices, cells, channels).to(device);
  const auto step_noise = [&](int64_t step) {
    return model_->start(
        diffusion::step_noise(options_.seed, indices, step, cells, channels).to(device));
  };
  run_.exported_group().parameters.bind_values(run_.ema().values());
  const bool is_prediction = process_.path == diffusion::Path::kDiffusion;
  const auto field = [&](const at::Tensor& x, const diffusion::Times& t, const at::Tensor& y) {
    const at::Tensor conditioning = model_->conditioning(at::tensor(t).to(x.device()), y);
    return is_prediction ? model_->prediction(x, conditioning) : model_->velocity(x, conditioning);
  };
  SamplingOptions sampling = files_.card().sampling;
  // A card may leave its sampling for later.
  const bool fits = sampling.solver == SolverKind::kDdpm || sampling.solver == SolverKind::kDdim;
  if (is_prediction && !fits) sampling.solver = SolverKind::kDdim;
  diffusion::Integration integration(field, {classes, model_->classes()},
                                     {.schedule = sampling, .channels = sampling.guidance_channels},
                                     diffusion::make_solver(sampling, process_, step_noise),
                                     model_->start(noise));
  while (!integration.done()) integration.advance();
  return model_->latent(integration.state());  // (N, T, C), normalised
}

Picture ModelDiffusionTrainer::sample_sheet() {
  if (!normalizer_.is_known() || files_.open_if_there(kDecoder) == nullptr) return {};
  if (!decoder_)
    decoder_ = std::make_unique<engine::ModelDecoder>(files_, latent_, normalizer_, runtime_);
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < std::min(kSheetClasses, model_->classes()); ++i) classes.push_back(i);
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
