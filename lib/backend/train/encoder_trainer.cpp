// SPDX-License-Identifier: MIT
// The trainer of the encoder.
#include "train/encoder_trainer.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/pixels.h"
#include "media/augment.h"
#include "svgen/error.h"
#include "train/export_card.h"
#include "train/sheet.h"
#include "train/sizes.h"
#include "weights/load.h"

namespace svgen::train {
namespace {

using enum ModelPart;

constexpr int64_t kSheetImages = 8;
constexpr double kCentreMomentum = 0.9;
constexpr const char* kExportPrefix = "encoder.";

EncoderModel make_model(const EncoderOptions& options, const engine::ModelFiles& files) {
  const Card& card = files.card();
  const std::string trained = systems::encoder_kinds().front().name;
  if (card.encoder && card.encoder->kind != trained)
    throw ConfigurationError("the encoder of this card can be used, but not trained here",
                             {.expected = "encoder.kind " + trained,
                              .found = card.encoder->kind,
                              .where = card.path.string()});
  const models::DinoV3Config sizes = sizes_of(models::kDinoV3, files, options.initialize);
  return {models::DinoV3(sizes), PrototypeHead(sizes.width, options), std::nullopt};
}

// Sets the constants of an encoder from nothing, which are not trained.
void set_constants(models::DinoV3& encoder) {
  const int64_t width = encoder.config.width;
  for (models::DinoV3Block& block : encoder.blocks) {
    block.attn.bias_mask.fill_(1);
    block.attn.bias_mask.narrow(0, width, width).zero_();  // no bias of the keys
  }
  encoder.periods = nn::rotary_periods(width / encoder.config.heads, encoder.config.rope_base);
}

// Returns the constants of any encoder, for the export.
NamedTensors constants_of(const models::DinoV3& encoder) {
  NamedTensors constants;
  for (size_t i = 0; i < encoder.blocks.size(); ++i)
    constants.emplace_back("blocks." + std::to_string(i) + ".attn.qkv.bias_mask",
                           encoder.blocks[i].attn.bias_mask);
  if (encoder.periods.defined()) constants.emplace_back("rope_embed.periods", encoder.periods);
  return constants;
}

// Main directions of tokens (M, D) as colours in [-1, 1]: (M, 3).
at::Tensor main_directions(const at::Tensor& tokens) {
  const at::Tensor centred_tokens = (tokens - tokens.mean(0, true)).to(at::kDouble);
  const auto [values, vectors] =
      at::linalg_eigh(at::matmul(centred_tokens.t(), centred_tokens));    // ascending
  at::Tensor axes = vectors.narrow(1, vectors.size(1) - 3, 3).flip({1});  // (D, 3)
  // An axis has no sign of its own: its largest part is positive.
  axes = axes * axes.gather(0, axes.abs().argmax(0, true)).sign();
  const at::Tensor along = at::matmul(centred_tokens, axes);  // (M, 3)
  return (along / (2 * along.std(0, true, true) + 1e-12)).clamp(-1, 1).to(at::kFloat);
}

}  // namespace

ModelEncoderTrainer::ModelEncoderTrainer(const EncoderOptions& options, Card card, Device device,
                                         DType dtype)
    : TrainerBase("encoder", options, std::move(card), device, dtype, dtype),
      options_(options),
      model_(make_model(options, files_)) {
  if (options_.local_size == 0) options_.local_size = native_size() / 2;
  const int64_t patch = files_.card().patch;
  if (options_.label_weight > 0)
    model_.classifier.emplace(model_.encoder.config.width, label_classes(files_));
  options_.local_size = std::max<int64_t>(1, options_.local_size / patch) * patch;
  runtime_.run_recording([this] { initialize(); });
}

void ModelEncoderTrainer::initialize() {
  const Visit visit = [this](const nn::StateScope& s) { model_.visit(s); };
  nn::draw_initial_weights(visit, models::dinov3_initial_weights(options_.layer_scale),
                           options_.seed, 0);
  if (options_.initialize == Initialization::kModel) {
    files_.verify(kEncoder);
    const at::Tensor token = std::exchange(model_.encoder.mask_token, at::Tensor());
    model_.encoder.periods = at::Tensor();
    weights::load_module(model_.encoder, *files_.open(kEncoder));
    if (!model_.encoder.mask_token.defined()) model_.encoder.mask_token = token;
  } else {
    set_constants(model_.encoder);
  }
  const NamedTensors constants = constants_of(model_.encoder);
  OptimizerConfig config = run_.optimizer_config();
  config.weight_decay = options_.weight_decay;
  run_.add_group("encoder", visit, config);
  const at::TensorOptions on_device = at::device(runtime_.torch_device()).dtype(at::kFloat);
  class_centre_ = at::zeros({1, options_.prototypes}, on_device);
  patch_centre_ = at::zeros({1, options_.prototypes}, on_device);
  run_.add_buffers({{"class_centre", class_centre_}, {"patch_centre", patch_centre_}});
  run_.set_export_prefix(kExportPrefix);
  run_.add_exported(constants);
  run_.set_card(exported_card(files_.card(), {{"encoder", ""}}, options_.class_names));
  run_.begin();
}

void ModelEncoderTrainer::check(std::span<const ImageView> images, std::span<const int64_t> labels,
                                std::span<const int64_t> indices) const {
  if (images.empty() || images.size() != indices.size() || images.size() != labels.size()) {
    throw ShapeError(
        "a training batch needs one label and one index for each image, and an image at least",
        {.expected = std::to_string(images.size()) + " of each",
         .found = std::to_string(labels.size()) + " labels, " + std::to_string(indices.size()) +
                  " indices",
         .where = "labels, indices"});
  }
  if (model_.classifier) check_labels(labels, model_.classifier->out);
  for (const ImageView& image : images) {
    if (std::min(image.width, image.height) >= files_.card().patch) continue;
    throw ShapeError("a picture is too small to crop views from",
                     {.expected = std::to_string(files_.card().patch) + " pixels or more a side",
                      .found = std::to_string(image.width) + " x " + std::to_string(image.height),
                      .where = "images"});
  }
}

EncoderBatch ModelEncoderTrainer::batch(std::span<const ImageView> images,
                                        std::span<const int64_t> labels,
                                        std::span<const int64_t> indices) const {
  const auto count = static_cast<int64_t>(images.size());
  // All images' view `number`, after one another.
  const auto views = [&](int64_t number, const AugmentOptions& how, int64_t size) {
    std::vector<Picture> pictures(images.size(), Picture(size, size));
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        const ImageView& image = images[static_cast<size_t>(n)];
        const AugmentedView view =
            draw_view(options_.seed, static_cast<uint64_t>(indices[static_cast<size_t>(n)]),
                      static_cast<uint32_t>(number), how, image.width, image.height);
        apply_view(image, view, pictures[static_cast<size_t>(n)].mutable_view());
      }
    });
    std::vector<ImageView> all;
    for (const Picture& picture : pictures) all.push_back(picture.view());
    return engine::normalized_pixels(all).to(runtime_.torch_device());  // (N, 3, s, s)
  };
  EncoderBatch made;
  const int64_t tokens = files_.card().grid.cells();
  for (int64_t view = 0; view < 2; ++view) {
    made.global[view] = views(view, options_.global_view, native_size());
    if (options_.patch_weight > 0)
      made.masks[view] = draw_patch_masks(options_.seed, indices, view, tokens, options_.mask_share)
                             .to(runtime_.torch_device());
  }
  std::vector<at::Tensor> local;
  for (int64_t view = 0; view < options_.local_views; ++view)
    local.push_back(views(2 + view, options_.local_view, options_.local_size));
  if (!local.empty()) made.local = at::cat(local, 0);  // (L N, 3, s, s)
  if (model_.classifier)
    made.labels =
        at::tensor(at::ArrayRef<int64_t>(labels.data(), labels.size())).to(runtime_.torch_device());
  return made;
}

at::Tensor ModelEncoderTrainer::targets_of(const at::Tensor& scores, at::Tensor& centre) const {
  const Processes& processes = run_.processes();
  if (options_.targets == TeacherTargets::kSinkhorn || run_.step() < options_.sinkhorn_steps)
    return sinkhorn(scores, options_.teacher_temperature, processes);
  const at::Tensor targets = centred(scores, centre, options_.teacher_temperature);
  at::Tensor sums = at::cat({scores.sum(0, true), at::zeros({1, 1}, scores.options())}, 1);
  sums.select(1, sums.size(1) - 1).fill_(static_cast<double>(scores.size(0)));
  processes.sum(sums);
  const int64_t count = sums.size(1) - 1;
  const at::Tensor mean = sums.narrow(1, 0, count) / sums.narrow(1, count, 1).clamp_min(1);
  centre.mul_(kCentreMomentum).add_(mean, 1 - kCentreMomentum);
  return targets;
}

void ModelEncoderTrainer::teach_batch(const EncoderBatch& batch, TeacherView (&targets)[2]) {
  const at::NoGradGuard frozen;
  run_.exported_group().parameters.bind_values(run_.ema().values(), dtype_);
  for (int view = 0; view < 2; ++view) {
    const TeacherView scores =
        teach(model_, batch.global[view], batch.masks[view], options_.view_token);
    targets[view].cls = targets_of(scores.cls, class_centre_);
    if (scores.patches.defined()) targets[view].patches = targets_of(scores.patches, patch_centre_);
  }
}

TrainReport ModelEncoderTrainer::train(std::span<const ImageView> images,
                                       std::span<const int64_t> labels,
                                       std::span<const int64_t> indices) {
  check(images, labels, indices);
  if (!run_.agree(true)) return report();
  const auto start = std::chrono::steady_clock::now();
  TrainReport done;
  shown_.clear();
  for (size_t n = 0; n < std::min<size_t>(images.size(), kSheetImages); ++n) {
    Picture& picture = shown_.emplace_back(native_size(), native_size());
    AugmentedView whole{0, 0, images[n].width, images[n].height, false, false, {}};
    for (int c = 0; c < 3; ++c) whole.colours.gain[c][c] = 1;
    apply_view(images[n], whole, picture.mutable_view());
  }
  runtime_.run_recording([&] {
    const EncoderBatch views = batch(images, labels, indices);
    TeacherView targets[2];
    teach_batch(views, targets);
    FlatParameters& parameters = run_.exported_group().parameters;
    parameters.bind(dtype_);
    const EncoderLoss loss = student_loss(model_, views, targets, options_);
    (loss.total * run_.share()).backward({}, false, false, parameters.leaves());
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    done = run_.complete_batch(indices, loss.metrics, spent.count());
  });
  return done;
}

Picture ModelEncoderTrainer::sample_sheet() {
  if (shown_.empty()) return {};
  const auto count = static_cast<int64_t>(shown_.size());
  const int64_t size = native_size();
  Sheet sheet(2 * count, count, size, size);
  std::vector<ImageView> views;
  for (const Picture& picture : shown_) views.push_back(picture.view());
  runtime_.run_recording([&] {
    const at::NoGradGuard no_grad;
    run_.exported_group().parameters.bind_values(run_.ema().values(), at::kFloat);
    const at::Tensor pixels = engine::normalized_pixels(views).to(runtime_.torch_device());
    const at::Tensor tokens = model_.encoder.patch_tokens(pixels).cpu();  // (n, T, D)
    const int64_t side = files_.card().grid.width;
    const at::Tensor colours = at::upsample_nearest2d(
        main_directions(tokens.flatten(0, 1)).view({count, side, side, 3}).permute({0, 3, 1, 2}),
        {size, size});  // (n, 3, S, S)
    for (int64_t i = 0; i < count; ++i) {
      const Picture& picture = shown_[static_cast<size_t>(i)];
      MutableImageView cell = sheet.cells()[static_cast<size_t>(i)];
      for (int c = 0; c < 3; ++c)
        for (int64_t y = 0; y < size; ++y)
          for (int64_t x = 0; x < size; ++x)
            cell.row(c, y)[x * cell.pixel_stride] =
                picture.view().row(c, y)[x * picture.view().pixel_stride];
      engine::write_levels(colours[i].contiguous(), sheet.cells()[static_cast<size_t>(count + i)]);
    }
  });
  return sheet.take();
}

}  // namespace svgen::train
