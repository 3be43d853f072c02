// SPDX-License-Identifier: MIT
// Steps of phase 1 on the tiny system against the published recipe.
#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "engine/model_files.h"
#include "engine/model_info.h"
#include "engine/pixels.h"
#include "models/lpips/lpips.h"
#include "reference/training.h"
#include "train/autoencoder_step.h"
#include "train/optimizer.h"
#include "weights/load.h"
#include "weights/prefixed_source.h"

namespace svgen {
namespace {

using parity::expect_relative;
using enum ModelPart;

constexpr const char* kCheckpoint = "tiny/svg_autoencoder_tiny.ckpt";

// The networks of phase 1 with the weights of the tiny checkpoint.
class TinyAutoencoder {
 public:
  explicit TinyAutoencoder(at::ScalarType dtype)
      : files_(Card::load(parity::data_file("tiny/card.json"))),
        checkpoint_(weights::open_weights(parity::data_file(kCheckpoint))),
        model{systems::encoder_kind(files_.card()).make(files_.card(), *files_.open(kEncoder), 0),
              systems::residual_kind().make(files_.card(), *files_.open(kResidual), 0),
              systems::decoder_kind(files_.card()).make(files_.card(), *files_.open(kDecoder), 0),
              files_.card().patch, checkpoint_->read("mask_token")} {
    weights::load_module(*model.encoder, *files_.open(kEncoder), dtype);
    weights::load_module(*model.residual, *files_.open(kResidual));
    weights::load_module(*model.decoder, *files_.open(kDecoder));
    const auto discriminator = weights::prefixed_source(checkpoint_, "loss.discriminator.");
    model.discriminator.emplace(models::PatchGan::infer_filters(*discriminator));
    weights::load_module(*model.discriminator, *discriminator, dtype);
    const auto perceptual = weights::prefixed_source(checkpoint_, "loss.perceptual_loss.");
    lpips = models::Lpips(models::Lpips::infer_widths(*perceptual));
    weights::load_module(lpips, *perceptual, dtype);
  }

  // The official full-size loss networks, hash-filled.
  void take_full_size_loss(at::ScalarType dtype) {
    model.discriminator.emplace();
    lpips = models::Lpips();
    lpips.shift = at::tensor({-0.030f, -0.088f, -0.188f}).view({1, 3, 1, 1});
    lpips.scale = at::tensor({0.458f, 0.448f, 0.450f}).view({1, 3, 1, 1});
    for (size_t stage = 0; stage < lpips.lin.size(); ++stage)
      lpips.lin[stage] =
          parity::hash_fill("loss.perceptual_loss.lin" + std::to_string(stage) + ".model.1.weight",
                            {1, lpips.widths[stage], 1, 1}, 0.05, 0.05);
    for (models::BatchNorm& norm : model.discriminator->norms) {
      norm.running_mean = at::zeros({norm.channels});
      norm.running_var = at::ones({norm.channels});
      norm.num_batches_tracked = at::zeros({}, at::kLong);
    }
    parity::hash_fill_state([&](const nn::StateScope& state) {
      model.visit_discriminator(state);
      lpips.visit(state.child("loss.perceptual_loss"));
    });
    const auto cast = [&](const nn::StateSlot& slot) {
      if (slot.tensor.is_floating_point()) slot.tensor = slot.tensor.to(dtype);
    };
    nn::visit_state(lpips, cast);
    nn::visit_state(*model.discriminator, cast);
  }

  train::PerceptualDistance distance() {
    return [this](const at::Tensor& target, const at::Tensor& reconstruction) {
      std::vector<at::Tensor> wanted;
      {
        const at::NoGradGuard constant;
        wanted = lpips.features(target);
      }
      return lpips.distance(wanted, lpips.features(reconstruction));
    };
  }

 private:
  engine::ModelFiles files_;
  std::shared_ptr<weights::StateSource> checkpoint_;

 public:
  train::AutoencoderModel model;
  models::Lpips lpips;
};

// Both sides' parameters and optimizers.
class Sides {
 public:
  explicit Sides(train::AutoencoderModel& model)
      : autoencoder([&](const nn::StateScope& s) { model.visit_autoencoder(s); }, at::kCPU),
        discriminator([&](const nn::StateScope& s) { model.visit_discriminator(s); }, at::kCPU),
        leaves{autoencoder.leaves(), discriminator.leaves(),
               autoencoder.leaf("decoder.conv_out.weight")},
        autoencoder_optimizer(autoencoder, kAdam),
        discriminator_optimizer(discriminator, kAdam) {}

  void step() {
    autoencoder_optimizer.step();
    discriminator_optimizer.step();
  }

  static constexpr train::OptimizerConfig kAdam{.beta1 = 0.5, .beta2 = 0.9};
  train::FlatParameters autoencoder, discriminator;
  train::AutoencoderLeaves leaves;
  train::Optimizer autoencoder_optimizer, discriminator_optimizer;
};

// ((target + 1) / 2 - mean) / std in double; float32 takes the way of the product.
at::Tensor encoder_input(const at::Tensor& images, const at::Tensor& target, at::ScalarType dtype) {
  if (dtype == at::kDouble) {
    const at::Tensor mean = at::tensor({0.485, 0.456, 0.406}, dtype).view({1, 3, 1, 1});
    const at::Tensor std = at::tensor({0.229, 0.224, 0.225}, dtype).view({1, 3, 1, 1});
    return ((target + 1) / 2 - mean) / std;
  }
  std::vector<ImageView> views;
  for (int64_t n = 0; n < images.size(0); ++n)
    views.push_back(
        packed_rgb(images[n].const_data_ptr<uint8_t>(), images.size(2), images.size(1)));
  return engine::normalized_pixels(views);
}

train::AutoencoderBatch golden_batch(int64_t k, at::ScalarType dtype) {
  const parity::Cases cases("train/phase1.safetensors");
  const at::Tensor images = cases["images"][k].contiguous();  // (N, H, W, 3)
  const at::Tensor target = images.permute({0, 3, 1, 2}).to(dtype) / 127.5 - 1;
  return {target, encoder_input(images, target, dtype), cases["masked"][k].to(at::kBool), {}, {}};
}

double metric(const train::Metrics& metrics, const std::string& name) {
  for (const auto& [key, value] : metrics)
    if (key == name) return value;
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

struct MetricRow {
  const char* ours;
  const char* golden;
};
constexpr MetricRow kMetrics[] = {{"loss", "ae_total"},
                                  {"nll", "nll"},
                                  {"l1", "l1_mean"},
                                  {"perceptual", "p_loss"},
                                  {"g_loss", "g_loss"},
                                  {"adaptive_weight", "adaptive_weight"},
                                  {"d_loss", "d_loss"},
                                  {"logits_real", "logits_real"},
                                  {"logits_fake", "logits_fake"}};

void expect_metrics(const std::string& case_name, const train::Metrics& metrics,
                    const nlohmann::json& golden, double tolerance) {
  for (const MetricRow& row : kMetrics) {
    expect_relative(case_name + "." + row.ours, metric(metrics, row.ours),
                    golden.at(row.golden).get<double>(), tolerance);
  }
}

// How far from the reference, which is float64 arithmetic on float64 parameters, a run may be.
// In double the stated tolerances hold. In float32 one pixel of the first batch sits on a kink of
// the loss within rounding: shifting the input by 1e-5 in double moves the gradient norms by up to
// 1e-3, and Adam carries it on. Rounding the parameters alone to float32 moves the norms of the
// third and fourth batch by 1e-3 and 3e-2, so no run with float32 parameters meets 1e-4 there.
struct Precision {
  const char* name;
  at::ScalarType dtype;
  double first_loss, later_loss;
  double gradient_norms[4];  // of each batch
  double parameters;         // as a share of what the reference allows
};
constexpr Precision kDouble{"float64",
                            at::kDouble,
                            1e-6,
                            parity::kAutoencoderLossTolerance,
                            {parity::kGradientNormTolerance, 0, 3e-3, 6e-2},
                            1};
constexpr Precision kFloat{"float32", at::kFloat, 1e-6, 1e-3, {1e-3, 0, 3e-2, 1e-1}, 10};

// Metrics of batch k; `start` is the discriminator's.
train::Metrics run_batch(TinyAutoencoder& tiny, Sides& sides, int64_t k, int64_t start,
                         at::ScalarType dtype) {
  const train::Processes alone;
  const train::AutoencoderLoss loss{.discriminator_start = start};
  sides.autoencoder.bind(dtype);
  sides.discriminator.bind(dtype);
  return train::accumulate_gradients(tiny.model, golden_batch(k, dtype), loss, tiny.distance(), k,
                                     1, sides.leaves, alone);
}

class AutoencoderTraining : public testing::TestWithParam<Precision> {
 protected:
  std::string named(const std::string& name) const {
    return "train." + name + "." + GetParam().name;
  }
  const nlohmann::json& golden_ = parity::json_file("train/phase1.json");
  const std::set<std::string> zero_ =
      golden_.at("zero_gradient_tensors").get<std::set<std::string>>();
};

TEST_P(AutoencoderTraining, FourBatchesMatch) {
  const Precision& limits = GetParam();
  TinyAutoencoder tiny(limits.dtype);
  Sides sides(tiny.model);
  for (int64_t k = 0; k < 4; ++k) {
    const std::string name = named("phase1.batch" + std::to_string(k));
    const nlohmann::json& wanted = golden_["batches"][k];
    const int64_t start = golden_.at("disc_start").get<int64_t>();
    const train::Metrics metrics = run_batch(tiny, sides, k, start, limits.dtype);
    expect_metrics(name, metrics, wanted, k == 0 ? limits.first_loss : limits.later_loss);
    for (const auto& [key, parameters] :
         {std::pair{"grad_l2_ae", &sides.autoencoder}, {"grad_l2_d", &sides.discriminator}}) {
      if (!wanted.contains(key)) continue;
      parity::expect_gradient_norms(name + "." + key, *parameters, wanted[key], zero_,
                                    limits.gradient_norms[k]);
    }
    sides.step();
    if (k != 0 && k != 3) continue;
    const std::string after = k == 0 ? "params_after_1" : "params_after_4";
    for (const train::FlatParameters* parameters : {&sides.autoencoder, &sides.discriminator}) {
      parity::expect_summaries(named("phase1." + after), parameters->named(parameters->values()),
                               golden_[after], zero_, limits.parameters);
    }
  }
  for (const models::BatchNorm& norm : tiny.model.discriminator->norms)
    EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 12);
}

TEST_P(AutoencoderTraining, AdaptiveWeightBelowItsClampMatches) {
  const Precision& limits = GetParam();
  const nlohmann::json& golden = parity::json_file("train/phase1_unsaturated.json");
  TinyAutoencoder tiny(limits.dtype);
  tiny.model.discriminator->convs.back().weight.mul_(20);
  Sides sides(tiny.model);
  const train::Metrics metrics = run_batch(tiny, sides, 0, 0, limits.dtype);
  expect_metrics(named("phase1_unsaturated"), metrics, golden,
                 limits.dtype == at::kDouble ? limits.first_loss : limits.later_loss);
  parity::expect_gradient_norms(named("phase1_unsaturated.grad_l2_ae"), sides.autoencoder,
                                golden.at("grad_l2_ae"), zero_, limits.gradient_norms[0]);
}

TEST_P(AutoencoderTraining, FullSizeLossNetworksMatch) {
  const Precision& limits = GetParam();
  const nlohmann::json& golden = parity::json_file("train/phase1_full_loss.json");
  for (const auto& [name, start] :
       {std::pair<std::string, int64_t>{"gan_off_step_0", 5}, {"gan_on", 0}}) {
    TinyAutoencoder tiny(limits.dtype);
    tiny.take_full_size_loss(limits.dtype);
    Sides sides(tiny.model);
    expect_metrics(named("phase1_full_loss." + name),
                   run_batch(tiny, sides, 0, start, limits.dtype), golden[name], 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, AutoencoderTraining, testing::Values(kDouble, kFloat),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace svgen
