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

// Streams of initial weights.
enum Stream : uint32_t { kResidualStream, kDecoderStream, kDiscriminatorStream, kTokenStream };

OptimizerConfig adam(OptimizerConfig config, const AutoencoderOptions& options) {
  config.beta1 = options.beta1;
  config.beta2 = options.beta2;
  return config;
}

std::unique_ptr<AutoencoderModel> make_model(const AutoencoderOptions& options,
                                             const engine::ModelFiles& files) {
  files.require(kDecoder);
  systems::require_trainable(files.card(), kDecoder);
  const auto encoder = sizes_of(models::kDinoV3, files, Initialization::kModel);
  std::optional<models::ResidualVit> residual;
  if (files.names(kResidual))
    residual.emplace(sizes_of(models::kResidualVit, files, options.initialize));
  const int64_t channels = encoder.width + (residual ? residual->config.outputs : 0);
  const auto decoder = sizes_of(models::kConvDecoder, files, options.initialize, channels);
  auto model = std::make_unique<AutoencoderModel>(AutoencoderModel{models::DinoV3(encoder),
                                                                   std::move(residual),
                                                                   models::ConvDecoder(decoder),
                                                                   {},
                                                                   options.aligns,
                                                                   {}});
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

// All networks but the encoder, from nothing or from the card's files.
void ModelAutoencoderTrainer::initialize_networks() {
  const auto draw = [&](const Visit& visit, std::span<const nn::InitialWeightsRule> rules,
                        Stream stream) {
    nn::draw_initial_weights(visit, rules, options_.seed, stream);
  };
  static constexpr nn::InitialWeightsRule kToken[] = {{"", "", nn::InitialWeights::kNormal, 0.02}};
  const Visit token = [this](const nn::StateScope& state) {
    if (model_->residual)
      state("mask_token", model_->mask_token, {1, model_->residual->config.outputs, 1});
  };
  const Visit discriminator = [this](const nn::StateScope& s) { model_->visit_discriminator(s); };
  draw(token, kToken, kTokenStream);
  draw(discriminator, models::kPatchGanInitialWeights, kDiscriminatorStream);
  if (options_.initialize == Initialization::kScratch) {
    const Visit residual = [this](const nn::StateScope& s) {
      if (model_->residual) model_->residual->visit(s);
    };
    draw(residual, models::kResidualVit.initial_weights, kResidualStream);
    draw([this](const nn::StateScope& s) { model_->decoder.visit(s); },
         models::kConvDecoder.initial_weights, kDecoderStream);
    return;
  }
  if (model_->residual) {
    files_.verify(kResidual);
    weights::load_module(*model_->residual, *files_.open(kResidual));
  }
  files_.verify(kDecoder);
  weights::load_module(model_->decoder, *files_.open(kDecoder));
  const auto checkpoint =
      weights::open_weights(files_.card().locate(files_.card().decoder->source));
  if (model_->residual && checkpoint->find("mask_token"))
    model_->mask_token = checkpoint->read("mask_token");
  const auto source = weights::prefixed_source(checkpoint, kDiscriminatorPrefix);
  if (model_->discriminator && !source->tensors().empty()) {
    model_->discriminator.emplace(models::PatchGan::infer_filters(*source));
    weights::load_module(*model_->discriminator, *source);
  }
}

void ModelAutoencoderTrainer::initialize() {
  files_.verify(kEncoder);
  weights::load_module(model_->encoder, *files_.open(kEncoder), dtype_);
  nn::visit_state(model_->encoder, [&](const nn::StateSlot& slot) {
    if (slot.tensor.defined())
      slot.tensor = engine::aligned(slot.tensor).to(runtime_.torch_device());
  });
  initialize_networks();

  const OptimizerConfig config = adam(run_.optimizer_config(), options_);
  ParameterGroup& group = run_.add_group(
      "autoencoder", [this](const nn::StateScope& s) { model_->visit_autoencoder(s); }, config);
  leaves_.autoencoder = group.parameters.leaves();
  leaves_.last_layer = group.parameters.leaf("decoder.conv_out.weight");
  if (model_->discriminator) {
    const Visit visit = [this](const nn::StateScope& s) { model_->visit_discriminator(s); };
    discriminator_ = &run_.add_group("discriminator", visit, config);
    leaves_.discriminator = discriminator_->parameters.leaves();
    NamedTensors buffers;
    const nn::StateVisitor collect = [&](const nn::StateSlot& slot) {
      if (slot.kind == nn::SlotKind::kBuffer) buffers.emplace_back(slot.name, slot.tensor);
    };
    visit(nn::StateScope(collect));
    run_.add_buffers(buffers);
  }
  const auto published = weights::open_weights(files_.card().locate(files_.card().encoder->source));
  const auto lpips = eval::load_lpips(published, dtype_, runtime_.torch_device());
  perceptual_ = lpips ? lpips_distance(lpips) : feature_distance(model_->encoder);
  run_.set_card(exported_card(files_.card(), {{"residual", "extra_vit."}, {"decoder", "decoder."}},
                              options_.class_names));
  run_.publish_to(TrainedWeights::of(files_.card(), "autoencoder"));
  run_.begin();
}

AutoencoderBatch ModelAutoencoderTrainer::batch(std::span<const ImageView> images,
                                                std::span<const int64_t> indices) const {
  const at::Device device = runtime_.torch_device();
  return {engine::signed_pixels(images).to(device), engine::normalized_pixels(images).to(device),
          draw_masks(options_.seed, indices, options_.mask_ratio).to(device)};
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
    const AutoencoderLoss loss{options_.perceptual_weight, options_.perceptual_share,
                               options_.discriminator_weight, options_.discriminator_start};
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
    const AutoencoderBatch shown{last_.target.narrow(0, 0, count), last_.pixels.narrow(0, 0, count),
                                 at::zeros({count}, last_.masked.options())};
    run_.exported_group().parameters.bind_values(run_.ema().values());
    const Processes alone;
    const at::Tensor pictures =
        reconstruct(*model_, encode_for_training(*model_, shown, alone), shown.target)
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
