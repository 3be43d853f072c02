// SPDX-License-Identifier: MIT
// Parity of whole systems through the engine: pictures to latents to pictures, noise to pictures.
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/tensor.h>

#include <fstream>
#include <map>

#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/residual_vit/residual_vit.h"
#include "reference/systems.h"
#include "weights/safetensors.h"

namespace svgen::parity {
namespace {

constexpr double kOffLevels = 1e-3;  // share of 8-bit values that may be one level off
const Grid kTinyGrid{4, 4};

engine::ModelEngine& tiny(const std::string& card) {
  static std::map<std::string, std::shared_ptr<engine::ModelEngine>> engines;
  auto& engine = engines[card];
  if (!engine) engine = open_engine(data_file("tiny/" + card));
  return *engine;
}

// Both containers of the tiny system must give the reference's numbers.
class TinySystem : public testing::TestWithParam<const char*> {
 protected:
  engine::ModelEngine& engine() { return tiny(GetParam()); }
  std::string name(const std::string& case_name) {
    return case_name + (std::string(GetParam()) == "card.json" ? "" : ".published");
  }
  at::Tensor pixels(const Tensor& latents, bool normalized = false) {
    return to_torch(engine().decoder().decode(latents, kTinyGrid, normalized));
  }
};

INSTANTIATE_TEST_SUITE_P(
    Containers, TinySystem, testing::Values("card.json", "published.json"), [](const auto& card) {
      return std::string(card.param).substr(0, std::string(card.param).find('.'));
    });

struct Coupling {
  const char* suffix;
  AlignmentMode mode;
};
constexpr Coupling kCouplings[] = {{"b3", AlignmentMode::kBatch}, {"b1", AlignmentMode::kFrame}};

TEST_P(TinySystem, Encodes) {
  const at::Tensor pictures = tiny_cases()["img.u8"];
  for (const auto& [suffix, mode] : kCouplings) {
    const std::string latent = std::string("enc.latent_") + suffix;
    expect_close(name(latent), as_map(encode(engine(), pictures, mode, false), kTinyGrid),
                 tiny_cases()[latent], kFeatureTolerance);
    const std::string tokens = std::string("enc.tokens_norm_") + suffix;
    expect_close(name(tokens), to_torch(encode(engine(), pictures, mode, true)),
                 tiny_cases()[tokens], kFeatureTolerance);
  }
}

TEST_P(TinySystem, Reconstructs) {
  const at::Tensor pictures = tiny_cases()["img.u8"];
  for (const auto& [suffix, mode] : kCouplings) {
    const std::string reconstruction = std::string("rec.") + suffix;
    const Tensor latents = encode(engine(), pictures, mode, false);
    expect_close(name(reconstruction), pixels(latents), tiny_cases()[reconstruction],
                 kPixelTolerance);
    expect_levels(name(reconstruction + ".u8"), decode_levels(engine(), latents, false),
                  tiny_cases()[reconstruction + ".u8"], kOffLevels);
  }
}

TEST_P(TinySystem, ReconstructsNormalizedLatents) {
  const Tensor latents = encode(engine(), tiny_cases()["img.u8"], AlignmentMode::kBatch, true);
  expect_close(name("rec.b3.normalised"), pixels(latents, true), tiny_cases()["rec.b3"],
               kPixelTolerance);
}

struct Generation {
  const char* name;
  SolverKind solver;
  GuidanceSchedule guidance;
  double scale;
  int64_t steps, skip;
};
constexpr Generation kGenerations[] = {
    {"gen.euler.none.N5", SolverKind::kEuler, GuidanceSchedule::kConstant, 1, 5, 0},
    {"gen.euler.constant.N5", SolverKind::kEuler, GuidanceSchedule::kConstant, 1.5, 5, 0},
    {"gen.euler.cfg_star-1-0.N25", SolverKind::kEuler, GuidanceSchedule::kCfgStar, 1.5, 25, 1},
    {"gen.heun.constant.N5", SolverKind::kHeun, GuidanceSchedule::kConstant, 1.5, 5, 0},
};

TEST_P(TinySystem, Generates) {
  for (const Generation& row : kGenerations) {
    SampleRequest request;
    request.indices = {0, 1};
    const at::Tensor labels = tiny_cases()["smp.y"];
    request.classes = {labels[0].item<int64_t>(), labels[1].item<int64_t>()};
    request.noise = from_torch(tiny_cases()["smp.noise"]);
    request.options.solver = row.solver;
    request.options.guidance = row.guidance;
    request.options.guidance_scale = row.scale;
    request.options.steps = row.steps;
    request.options.guidance_skip = row.skip;
    const Tensor latents = engine().sampler().sample(request);
    expect_close(name(row.name), at::clamp(pixels(latents), -1, 1), tiny_cases()[row.name],
                 kPixelTolerance);
    expect_levels(name(std::string(row.name) + ".u8"), decode_levels(engine(), latents, false),
                  tiny_cases()[std::string(row.name) + ".u8"], kOffLevels);
  }
}

// A full-size autoencoder of hash weights in one file with the published names, and its card.
std::filesystem::path write_full_size_model() {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "full-size";
  std::filesystem::create_directories(folder);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  const auto collect = [&](auto module, const std::string& prefix) {
    hash_fill_module(module);
    nn::visit_state(module, [&](const nn::StateSlot& slot) {
      if (slot.tensor.defined()) tensors.emplace_back(prefix + slot.name, slot.tensor);
    });
  };
  models::DinoV3 dino(*models::kDinoV3.find_preset("dinov3-vits16plus"));
  const nlohmann::json& golden = json_file("full/golden.json");
  dino.periods = at::tensor(
      golden["dinov3_s16plus"]["stored_bf16_periods"]["periods"].get<std::vector<float>>());
  collect(dino, "encoder.");
  collect(models::ResidualVit(models::ResidualVitConfig{}), "extra_vit.");
  collect(models::ConvDecoder(models::ConvDecoderConfig{}), "decoder.");
  weights::write_safetensors(folder / "autoencoder.safetensors", tensors);
  std::ofstream(folder / "card.json") << R"({"name": "full-size", "patch": 16, "grid": [16, 16],
    "encoder": {"file": "autoencoder.safetensors", "prefix": "encoder.", "preset": "dinov3-vits16plus"},
    "residual": {"file": "autoencoder.safetensors", "prefix": "extra_vit.", "heads": 8},
    "decoder": {"file": "autoencoder.safetensors", "prefix": "decoder.", "channels": 128,
                "multipliers": [1, 1, 2, 2, 4], "res_blocks": 2, "attention_levels": [4]}})";
  return folder / "card.json";
}

TEST(FullSizeSystem, EncodesAndReconstructs) {
  const std::filesystem::path card = write_full_size_model();
  const auto engine = open_engine(card);
  const at::Tensor images = Cases("full/images.safetensors")["images"];  // (2, 256, 256, 3)
  const nlohmann::json& wanted = json_file("full/full_size.json")["autoencoder"];
  for (const int64_t batch : {1, 2}) {
    const std::string suffix = "_batch" + std::to_string(batch);
    const Tensor latents =
        encode(*engine, images.narrow(0, 0, batch), AlignmentMode::kBatch, /*normalize=*/false);
    const nlohmann::json& encoded = wanted["encode" + suffix];
    const at::Tensor map = as_map(latents, {16, 16});
    expect_summary("full.encode" + suffix, map, encoded, kFullSizeTolerance);
    nlohmann::json residual = encoded["residual"];
    residual["spots"] = nlohmann::json::array();
    expect_summary("full.encode" + suffix + ".residual", map.narrow(1, 384, 8), residual,
                   kFullSizeTolerance);
    expect_summary("full.reconstruct" + suffix,
                   to_torch(engine->decoder().decode(latents, {16, 16}, false)),
                   wanted["reconstruct" + suffix], kFullSizeTolerance);
  }
  std::filesystem::remove_all(card.parent_path());
}

// The embedded model's own cases were computed by another library.
class EmbeddedModel : public testing::Test {
 protected:
  static constexpr double kLatentTolerance = 1e-3;
  const std::filesystem::path folder_ = std::filesystem::path(SVGEN_MODELS) / "mini";
  const std::shared_ptr<engine::ModelEngine> engine_ = open_engine(folder_ / "card.json");
  const std::shared_ptr<weights::StateSource> cases_ =
      weights::open_weights(folder_ / "cases.safetensors");
};

TEST_F(EmbeddedModel, GeneratesItsCases) {
  SampleRequest request;
  const at::Tensor labels = cases_->read("classes");
  for (int64_t n = 0; n < labels.size(0); ++n) {
    request.indices.push_back(n);
    request.classes.push_back(labels[n].item<int64_t>());
  }
  request.noise = from_torch(cases_->read("noise"));
  request.options = engine_->card().sampling;
  request.normalized = true;
  const Tensor latents = engine_->sampler().sample(request);
  expect_close("mini.latent_normalised", to_torch(latents), cases_->read("latent_normalised"),
               kLatentTolerance);
  expect_levels("mini.generated", decode_levels(*engine_, latents, true), cases_->read("generated"),
                kOffLevels);
}

TEST_F(EmbeddedModel, ReconstructsItsCases) {
  const Tensor latents = encode(*engine_, cases_->read("input"), AlignmentMode::kFixed, false);
  expect_close("mini.input_latent", to_torch(latents), cases_->read("input_latent"),
               kLatentTolerance);
  expect_levels("mini.reconstruction", decode_levels(*engine_, latents, false),
                cases_->read("reconstruction"), kOffLevels);
}

}  // namespace
}  // namespace svgen::parity
