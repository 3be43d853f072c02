// SPDX-License-Identifier: MIT
// The trainer of phase 1.
#include "train/autoencoder_trainer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>

#include "engine/load_network.h"
#include "engine/pixels.h"
#include "eval/lpips_distance.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "train/export_card.h"
#include "train/perceptual.h"
#include "train/sheet.h"
#include "train/sizes.h"
#include "weights/load.h"
#include "weights/prefixed_source.h"

namespace svgen::train {
namespace {

using enum ModelPart;

constexpr int64_t kSheetImages = 8;
constexpr const char* kDiscriminatorPrefix = "loss.discriminator.";

// The weights in which losses are weighed.
constexpr const char* kLastLayer = "decoder.conv_out.weight";
constexpr const char* kEncoderLastLayer = "encoder.conv_out.weight";

// Streams of initial weights.
enum Stream : uint32_t {
  kResidualStream,
  kDecoderStream,
  kDiscriminatorStream,
  kTokenStream,
  kEncoderStream,
  kMapStream
};

OptimizerConfig adam(OptimizerConfig config, const AutoencoderOptions& options) {
  config.beta1 = options.beta1;
  config.beta2 = options.beta2;
  return config;
}

[[noreturn]] void refuse(const Card& card, const char* message, const std::string& expected,
                         const std::string& found) {
  throw ConfigurationError(message,
                           {.expected = expected, .found = found, .where = card.path.string()});
}

// The card's parts must be those that the objective trains.
void check_parts(const AutoencoderOptions& options, const engine::ModelFiles& files) {
  const Card& card = files.card();
  const auto& encoder = systems::encoder_kind(card);
  const auto& decoder = systems::decoder_kind(card);
  const bool wants_gaussian = options.objective != AutoencoderObjective::kSvg;
  if (encoder.is_gaussian != wants_gaussian)
    refuse(card,
           wants_gaussian ? "the objective trains an encoder whose latents are Gaussian"
                          : "the objective trains around a frozen encoder",
           wants_gaussian ? "encoder.kind kl, or objective=svg" : "another kind, or objective=kl",
           std::string("encoder.kind ") + encoder.name);
  if (decoder.initial_weights.empty() || wants_gaussian != (decoder.name == encoder.name))
    refuse(card, "the decoder of this card can be used, but not trained with this objective",
           std::string("decoder.kind ") + (wants_gaussian ? encoder.name : "conv"), decoder.name);
  if (wants_gaussian && files.names(kResidual))
    refuse(card, "the objective trains no residual branch", "no \"residual\"", "one");
  if (!wants_gaussian && !options.foundation_model.empty())
    refuse(card, "the card has a frozen encoder of its own", "no foundation-model",
           options.foundation_model);
  if (options.objective == AutoencoderObjective::kVf && options.foundation_model.empty())
    refuse(card, "the objective draws latents towards the features of a frozen encoder: name one",
           "foundation-model, a card with an encoder", "none");
}

std::optional<engine::ModelFiles> foundation_of(const AutoencoderOptions& options,
                                                const Card& card) {
  if (options.foundation_model.empty()) return std::nullopt;
  std::optional<engine::ModelFiles> files(std::in_place,
                                          Card::load(find_card(options.foundation_model)));
  files->require(kEncoder);
  if (systems::encoder_kind(files->card()).is_gaussian)
    refuse(files->card(), "a foundation is an encoder with features, not with a posterior",
           "encoder.kind of another network", files->card().encoder->kind);
  if (files->card().patch != card.patch)
    refuse(files->card(), "the foundation's features are not those of the latent's cells",
           "cells of " + std::to_string(card.patch) + " pixels as in " + card.path.string(),
           std::to_string(files->card().patch));
  return files;
}

std::unique_ptr<AutoencoderModel> make_model(const AutoencoderOptions& options,
                                             const engine::ModelFiles& files) {
  for (const ModelPart part : {kEncoder, kDecoder}) files.require(part);
  check_parts(options, files);
  const Card& card = files.card();
  auto model = std::make_unique<AutoencoderModel>();
  model->cell = card.patch;
  model->aligns = options.aligns;
  model->draws_latents = options.objective == AutoencoderObjective::kVf;
  const bool is_gaussian = systems::encoder_kind(card).is_gaussian;
  model->encoder = network_of(systems::encoder_kind(card), kEncoder, files,
                              is_gaussian ? options.initialize : Initialization::kModel,
                              is_gaussian ? card.latent_channels : 0);
  int64_t channels = model->encoder->channels();
  if (files.names(kResidual)) {
    model->residual = network_of(systems::residual_kind(), kResidual, files, options.initialize);
    channels += model->residual->channels();
  }
  model->decoder =
      network_of(systems::decoder_kind(card), kDecoder, files, options.initialize, channels);
  if (options.discriminator_weight > 0) model->discriminator.emplace();
  return model;
}

}  // namespace

ModelAutoencoderTrainer::ModelAutoencoderTrainer(const AutoencoderOptions& options, Card card,
                                                 Device device, DType dtype)
    : TrainerBase("autoencoder", options, std::move(card), device, dtype, dtype),
      options_(options),
      model_(make_model(options, files_)) {
  runtime_.run_recording([this] { initialize(); });
}

// Draws the weights of all networks that are trained.
void ModelAutoencoderTrainer::draw_networks() {
  const auto draw = [&](const Visit& visit, std::span<const nn::InitialWeightsRule> rules,
                        Stream stream) {
    nn::draw_initial_weights(visit, rules, options_.seed, stream);
  };
  const auto all_of = [](models::Network& network) -> Visit {
    return [&network](const nn::StateScope& state) { network.visit(state); };
  };
  const Card& card = files_.card();
  draw([this](const nn::StateScope& s) { model_->visit_discriminator(s); },
       models::kPatchGanInitialWeights, kDiscriminatorStream);
  if (model_->residual) {
    static constexpr nn::InitialWeightsRule kToken[] = {
        {"", "", nn::InitialWeights::kNormal, 0.02}};
    draw(
        [this](const nn::StateScope& state) {
          state("mask_token", model_->mask_token, {1, model_->residual->channels(), 1});
        },
        kToken, kTokenStream);
    draw(all_of(*model_->residual), systems::residual_kind().initial_weights, kResidualStream);
  }
  if (model_->encoder->is_gaussian())
    draw(all_of(*model_->encoder), systems::encoder_kind(card).initial_weights, kEncoderStream);
  if (model_->draws_latents) {
    static constexpr nn::InitialWeightsRule kMap[] = {{"", "", nn::InitialWeights::kFanInUniform}};
    draw(
        [this](const nn::StateScope& state) {
          state("weight", model_->latent_map,
                {model_->foundation->channels(), model_->encoder->channels(), 1, 1});
        },
        kMap, kMapStream);
  }
  draw(all_of(*model_->decoder), systems::decoder_kind(card).initial_weights, kDecoderStream);
}

// Reads them, as far as the card's files have them.
void ModelAutoencoderTrainer::load_networks() {
  const auto load = [&](models::Network& network, ModelPart part) {
    files_.verify(part);
    weights::load_module(network, *files_.open(part));
  };
  if (model_->residual) load(*model_->residual, kResidual);
  if (model_->encoder->is_gaussian()) load(*model_->encoder, kEncoder);
  load(*model_->decoder, kDecoder);
  const auto checkpoint =
      weights::open_weights(files_.card().locate(files_.card().decoder->source));
  if (model_->residual && checkpoint->find("mask_token"))
    model_->mask_token = checkpoint->read("mask_token");
  if (model_->draws_latents && checkpoint->find("linear_proj.weight"))
    model_->latent_map = checkpoint->read("linear_proj.weight");
  const auto source = weights::prefixed_source(checkpoint, kDiscriminatorPrefix);
  if (model_->discriminator && !source->tensors().empty()) {
    model_->discriminator.emplace(models::PatchGan::infer_filters(*source));
    weights::load_module(*model_->discriminator, *source);
  }
}

void ModelAutoencoderTrainer::load_frozen(models::FeatureEncoder& encoder,
                                          const engine::ModelFiles& files) {
  files.verify(kEncoder);
  weights::load_module(encoder, *files.open(kEncoder), dtype_);
  nn::visit_state(encoder, [&](const nn::StateSlot& slot) {
    if (slot.tensor.defined())
      slot.tensor = engine::aligned(slot.tensor).to(runtime_.torch_device());
  });
}

// LPIPS where the encoder's file holds it, else what needs no download.
PerceptualDistance ModelAutoencoderTrainer::perceptual() const {
  if (model_->encoder->is_gaussian()) return feature_distance(model_->foundation.get());
  const auto published = weights::open_weights(files_.card().locate(files_.card().encoder->source));
  const auto lpips = eval::load_lpips(published, dtype_, runtime_.torch_device());
  return lpips ? lpips_distance(lpips) : feature_distance(model_->encoder.get());
}

void ModelAutoencoderTrainer::initialize() {
  if (const auto files = foundation_of(options_, files_.card())) {
    model_->foundation =
        network_of(systems::encoder_kind(files->card()), kEncoder, *files, Initialization::kModel);
    load_frozen(*model_->foundation, *files);
  }
  const bool is_gaussian = model_->encoder->is_gaussian();
  if (!is_gaussian) load_frozen(*model_->encoder, files_);
  draw_networks();
  if (options_.initialize == Initialization::kModel) load_networks();

  const OptimizerConfig config = adam(run_.optimizer_config(), options_);
  ParameterGroup& group = run_.add_group(
      "autoencoder", [this](const nn::StateScope& s) { model_->visit_autoencoder(s); }, config);
  leaves_.autoencoder = group.parameters.leaves();
  leaves_.last_layer = group.parameters.leaf(kLastLayer);
  if (model_->draws_latents) leaves_.encoder_last_layer = group.parameters.leaf(kEncoderLastLayer);
  if (model_->discriminator) {
    const Visit visit = [this](const nn::StateScope& s) { model_->visit_discriminator(s); };
    discriminator_ = &run_.add_group("discriminator", visit, config);
    leaves_.discriminator = discriminator_->parameters.leaves();
    run_.add_buffers(untrained(visit));
  }
  perceptual_ = perceptual();
  const std::vector<TrainedRole> roles =
      is_gaussian ? std::vector<TrainedRole>{{"encoder", ""}, {"decoder", ""}}
                  : std::vector<TrainedRole>{{"residual", "extra_vit."}, {"decoder", "decoder."}};
  run_.set_card(exported_card(files_.card(), roles, options_.class_names));
  run_.publish_to(TrainedWeights::of(files_.card(), "autoencoder"));
  run_.begin();
}

AutoencoderBatch ModelAutoencoderTrainer::batch(std::span<const ImageView> images,
                                                std::span<const int64_t> indices) const {
  const at::Device device = runtime_.torch_device();
  AutoencoderBatch made{
      engine::signed_pixels(images).to(device),
      engine::normalized_pixels(images, model_->encoder->pixel_scale()).to(device),
      draw_masks(options_.seed, indices, options_.mask_ratio).to(device),
      {},
      {}};
  if (!model_->encoder->is_gaussian() && options_.latent_noise <= 0) return made;
  const AutoencoderNoise noise =
      draw_autoencoder_noise(options_.seed, indices, files_.card().grid.cells(),
                             model_->decoder->channels(), options_.latent_noise);
  if (model_->encoder->is_gaussian()) made.noise = noise.posterior.to(device);
  if (noise.latent.defined()) made.latent_noise = noise.latent.to(device);
  return made;
}

TrainReport ModelAutoencoderTrainer::train(std::span<const ImageView> images,
                                           std::span<const int64_t> indices) {
  if (images.empty() || images.size() != indices.size()) {
    throw ShapeError("a training batch needs one index for each image, and an image at least",
                     {.expected = std::to_string(images.size()) + " indices",
                      .found = std::to_string(indices.size()),
                      .where = "indices"});
  }
  const Grid grid = engine::token_grid(images, files_.card().patch);
  if (!(grid == files_.card().grid)) {
    const int64_t patch = files_.card().patch;
    throw ShapeError(
        "training takes pictures of the model's native size: scale or crop them",
        {.expected = std::to_string(files_.card().grid.width * patch) + " x " +
                     std::to_string(files_.card().grid.height * patch),
         .found = std::to_string(grid.width * patch) + " x " + std::to_string(grid.height * patch),
         .where = "images"});
  }
  if (!run_.agree(true)) return report();
  const auto start = std::chrono::steady_clock::now();
  TrainReport done;
  runtime_.run_recording([&] {
    last_ = batch(images, indices);
    run_.exported_group().parameters.bind(dtype_);
    if (discriminator_) discriminator_->parameters.bind(dtype_);
    const AutoencoderLoss loss{
        options_.perceptual_weight,   options_.perceptual_share, options_.discriminator_weight,
        options_.discriminator_start, options_.kl_weight,        options_.vf_weight,
        options_.vf_distance_margin,  options_.vf_cosine_margin};
    const Metrics metrics = accumulate_gradients(*model_, last_, loss, perceptual_, run_.step(),
                                                 run_.share(), leaves_, run_.processes());
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    done = run_.complete_batch(indices, metrics, spent.count());
  });
  return done;
}

Picture ModelAutoencoderTrainer::sample_sheet() {
  if (!last_.target.defined()) return {};
  const int64_t count = std::min(kSheetImages, last_.target.size(0));
  Sheet sheet(2 * count, count, last_.target.size(3), last_.target.size(2));
  runtime_.run_recording([&] {
    const at::NoGradGuard no_grad;
    const AutoencoderBatch shown{last_.target.narrow(0, 0, count),
                                 last_.pixels.narrow(0, 0, count),
                                 at::zeros({count}, last_.masked.options()),
                                 {},
                                 {}};
    run_.exported_group().parameters.bind_values(run_.ema().values());
    const Processes alone;
    const at::Tensor pictures =
        reconstruct(*model_, encode_for_training(*model_, shown, alone).latent, shown, alone)
            .to(at::kFloat)
            .contiguous();
    for (int64_t i = 0; i < count; ++i) {
      engine::write_levels(shown.target[i].contiguous(), sheet.cells()[static_cast<size_t>(i)]);
      engine::write_levels(pictures[i], sheet.cells()[static_cast<size_t>(count + i)]);
    }
  });
  return sheet.take();
}

}  // namespace svgen::train
