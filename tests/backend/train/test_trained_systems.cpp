// SPDX-License-Identifier: MIT
// Each system whose loss is known: trained from nothing, resumed to the bit, and sampled from what
// was exported.
#include <cmath>
#include <fstream>
#include <optional>

#include "backend/train/support.h"
#include "svgen/engine.h"
#include "svgen/error.h"
#include "svgen/support.h"

namespace svgen::train {
namespace {

constexpr int64_t kTokens = 4, kChannels = 6, kFeatures = 5;

struct Row {
  const char* name;
  const char* system;
  const char* diffusion;  // more keys of the card
  const char* solver;
  bool has_features = false;
};

constexpr Row kRows[] = {
    {"svg", "svg", "", "euler"},
    {"svg_clean", "svg", R"(, "prediction": "clean")", "euler"},
    {"dit", "dit", "", "ddpm"},
    {"dit_fixed_variance", "dit", R"(, "learn_sigma": false)", "ddim"},
    {"sit", "sit", "", "euler-maruyama"},
    {"sit_gvp", "sit", R"(, "path": "gvp")", "heun"},
    {"repa", "repa", "", "euler", true},
    {"lightningdit", "lightningdit", R"(, "qk_norm": true)", "heun"},
};

class TrainedSystem : public ::testing::TestWithParam<Row> {
 protected:
  DiffusionOptions options(const std::string& folder) const {
    const std::filesystem::path card = scratch_.path() / "card.json";
    std::ofstream(card)
        << R"({"name": "tiny", "system": ")" << GetParam().system
        << R"(", "latent": {"channels": 6, "grid": [4, 4], "cell": 8, "scaling_factor": 1},
               "diffusion": {"file": "untrained", "width": 32, "depth": 2, "heads": 2, "mlp": 64,
                             "patch": 2, "classes": 10)"
        << GetParam().diffusion << R"(}, "sampling": {"steps": 4, "solver": ")" << GetParam().solver
        << R"("}})";
    DiffusionOptions o;
    o.model.model = card;
    o.checkpoint = scratch_.path() / folder;
    o.checkpoint_interval = 2;
    o.learning_rate = 1e-3;
    o.normalized = true;
    o.ema_decay = 0.5;
    o.resume = true;
    o.repa_depth = 1;
    o.repa_width = 16;
    o.repa_channels = GetParam().has_features ? kFeatures : 0;
    return o;
  }

  static TrainReport step(DiffusionTrainer& trainer) {
    const std::vector<int64_t> indices = index_range(trainer.report().next_index, kBatch);
    const Tensor features =
        GetParam().has_features ? latents_of(indices, kTokens, kFeatures) : Tensor();
    return trainer.train(latents_of(indices, 16, kChannels), labels_of(indices), indices, features);
  }

  svgen::testing::ScratchFolder scratch_;
};

TEST_P(TrainedSystem, ResumesToTheBitAndIsSampled) {
  std::vector<double> losses;
  {
    const auto whole = DiffusionTrainer::open(options("whole"));
    for (int i = 0; i < 6; ++i) losses.push_back(loss_of(step(*whole)));
  }
  for (const double loss : losses) EXPECT_TRUE(std::isfinite(loss));
  for (int i = 0; i < 2; ++i) {
    // The first is lost in its third step.
    const auto trainer = DiffusionTrainer::open(options("broken"));
    EXPECT_EQ(trainer->report().step, 2 * i);
    while (trainer->report().step < (i == 0 ? 3 : 6)) {
      const TrainReport done = step(*trainer);
      EXPECT_EQ(loss_of(done), losses[static_cast<size_t>(done.step) - 1]);
    }
  }
  const std::string last = "step-00000006";
  for (const char* file : {"state.safetensors", "ema.safetensors"})
    EXPECT_EQ(bytes_of(scratch_.path() / "whole" / last / file),
              bytes_of(scratch_.path() / "broken" / last / file))
        << file;

  const auto engine = Engine::open({.model = scratch_.path() / "whole" / last});
  SampleRequest request;
  request.options = engine->card().sampling;
  request.indices = {0, 1};
  request.classes = {3, 7};
  const Tensor latents = to_host(engine->sampler().sample(request));
  ASSERT_EQ(latents.shape(), (Shape{2, 16, kChannels}));
  for (int64_t i = 0; i < latents.element_count(); ++i)
    ASSERT_TRUE(std::isfinite(latents.data_as<float>()[i]));

  // The export is where another training begins.
  DiffusionOptions next = options("next");
  next.model.model = scratch_.path() / "whole" / last;
  next.initialize = Initialization::kModel;
  next.learning_rate = 0;
  const auto trainer = DiffusionTrainer::open(next);
  EXPECT_TRUE(std::isfinite(loss_of(step(*trainer))));
}

TEST_P(TrainedSystem, LearnsALatentSeenAgain) {
  DiffusionOptions o = options("");
  o.checkpoint.clear();
  o.class_dropout = 0;
  o.learning_rate = 3e-3;
  const auto trainer = DiffusionTrainer::open(o);
  const std::vector<int64_t> indices = index_range(0, 8);
  const Tensor latents = latents_of(indices, 16, kChannels);
  const Tensor features =
      GetParam().has_features ? latents_of(indices, kTokens, kFeatures) : Tensor();
  const auto loss = [&] {
    return loss_of(trainer->train(latents, labels_of(indices), indices, features));
  };
  const double first = loss();
  double last = first;
  for (int i = 0; i < 60; ++i) last = loss();
  EXPECT_LT(last, 0.97 * first);
}

INSTANTIATE_TEST_SUITE_P(Rows, TrainedSystem, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(TrainedSystemErrors, SayWhatIsMissing) {
  const svgen::testing::ScratchFolder scratch;
  const std::filesystem::path card = scratch.path() / "card.json";
  const auto error = [&](const char* system, const auto& change) -> std::string {
    std::ofstream(card) << R"({"system": ")" << system
                        << R"(", "latent": {"channels": 6, "grid": [4, 4], "cell": 8},
                               "diffusion": {"file": "untrained", "width": 32, "depth": 2,
                                             "heads": 2, "mlp": 64, "classes": 10}})";
    DiffusionOptions o;
    o.model.model = card;
    o.normalized = true;
    change(o);
    try {
      DiffusionTrainer::open(o);
    } catch (const ConfigurationError& found) {
      return found.report();
    }
    return "";
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(error(
                  "repa", [](DiffusionOptions&) {}),
              HasSubstr("no features come"));
  EXPECT_EQ(error(
                "repa", [](DiffusionOptions& o) { o.repa_weight = 0; }),
            "");
  EXPECT_THAT(error(
                  "sit", [](DiffusionOptions& o) { o.repa_channels = 5; }),
              HasSubstr("repa-weight"));
  EXPECT_THAT(error(
                  "repa", [](DiffusionOptions& o) { o.repa_channels = 5; }),
              HasSubstr("repa-depth"));
  EXPECT_THAT(error("dit", [](DiffusionOptions& o) { o.shift = 0.5; }), HasSubstr("own steps"));
  EXPECT_THAT(error("rae", [](DiffusionOptions&) {}), HasSubstr("svg, dit, sit"));
  EXPECT_THAT(error("dit",
                    [](DiffusionOptions& o) {
                      o.repa_channels = 5;
                      o.repa_weight = 0.5;
                    }),
              HasSubstr("not aligned"));
}

}  // namespace
}  // namespace svgen::train
