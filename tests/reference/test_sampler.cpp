// SPDX-License-Identifier: MIT
// Parity of the sampler: grids, every published guidance mode, both solvers, whole paths.
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "backend/weights/open_part.h"
#include "diffusion/integration.h"
#include "diffusion/path.h"
#include "models/dit/dit.h"
#include "nn/sine_cosine.h"
#include "reference/parity.h"
#include "weights/load.h"

namespace svgen::diffusion {
namespace {

using parity::tiny_cases;

constexpr double kWideTolerance = 5e-5;  // at w = 4, which amplifies every difference

// A published guidance mode by its name in the cases.
struct Mode {
  const char* name;
  SamplingOptions options;
};

SamplingOptions guided_by(GuidanceSchedule guidance) {
  SamplingOptions options;
  options.guidance = guidance;
  options.guidance_scale = 1.5;
  return options;
}

SamplingOptions cfg_star(int64_t skip, double reverse) {
  SamplingOptions options = guided_by(GuidanceSchedule::kCfgStar);
  options.guidance_skip = skip;
  options.guidance_reverse = reverse;
  return options;
}

SamplingOptions early(double start) {
  SamplingOptions options = guided_by(GuidanceSchedule::kEarly);
  options.guidance_start = start;
  return options;
}

const std::vector<Mode>& modes() {
  static const std::vector<Mode> table = {
      {"none", SamplingOptions{}},
      {"constant", guided_by(GuidanceSchedule::kConstant)},
      {"late", guided_by(GuidanceSchedule::kLate)},
      {"early-0.3", early(0.3)},
      {"linear", guided_by(GuidanceSchedule::kLinear)},
      {"cfg_star-1-0", cfg_star(1, 0)},
      {"cfg_star-2-2", cfg_star(2, 2)},
  };
  return table;
}

models::Dit load_dit(const char* file, int64_t heads) {
  DiffusionConfig card;
  card.heads = heads;
  const auto source =
      weights::testing::open_part(parity::data_file(file), ModelPart::kDiffusion, "");
  models::Dit dit(models::infer_dit_config(card, *source));
  weights::load_module(dit, *source);
  return dit;
}

// The states from the noise to the final latent, (steps + 1, N, T, C).
at::Tensor path_of(const models::Dit& dit, const at::Tensor& noise, const at::Tensor& labels,
                   const SamplingOptions& options) {
  const auto velocity = [&](const at::Tensor& x, const Times& t, const at::Tensor& y) {
    return dit.forward(x, at::tensor(t), y);
  };
  const int64_t* label = labels.const_data_ptr<int64_t>();
  Integration integration(velocity, {{label, label + labels.numel()}, dit.config.classes},
                          {.schedule = options}, make_solver(options), noise);
  std::vector<at::Tensor> states = {integration.state()};
  while (!integration.done()) {
    integration.advance();
    states.push_back(integration.state());
  }
  return at::stack(states);
}

at::Tensor tiny_path(const SamplingOptions& options) {
  static const models::Dit dit = load_dit("tiny/dit_tiny.pt", 4);
  return path_of(dit, tiny_cases()["smp.noise"], tiny_cases()["smp.y"], options);
}

TEST(SamplerParity, Grids) {
  for (const int64_t steps : {5, 25}) {
    for (const auto& [shift, text] : {std::pair{0.15, "0.15"}, {1.0, "1.0"}}) {
      const std::string name = "smp.grid_N" + std::to_string(steps) + "_s" + text;
      parity::expect_close(name, at::tensor(time_grid(steps, shift)), tiny_cases()[name], 0);
    }
  }
}

TEST(SamplerParity, EveryPublishedModeWithBothSolvers) {
  for (const SolverKind solver : {SolverKind::kEuler, SolverKind::kHeun}) {
    for (const Mode& mode : modes()) {
      for (const int64_t steps : {5, 25}) {
        SamplingOptions options = mode.options;
        options.solver = solver;
        options.steps = steps;
        const std::string name =
            std::string("smp.") + name_of(solver) + "." + mode.name + ".N" + std::to_string(steps);
        const at::Tensor path = tiny_path(options);
        parity::expect_close(name, path[steps], tiny_cases()[name], parity::kFeatureTolerance);
        const bool path_is_known = steps == 5;
        if (!path_is_known) continue;
        parity::expect_close(name + ".steps", path, tiny_cases()[name + ".steps"],
                             parity::kFeatureTolerance);
      }
    }
  }
}

struct ExtraCase {
  const char* name;
  SolverKind solver;
  double scale, shift, tolerance;
  int64_t skip = 0;
};

TEST(SamplerParity, OtherScalesAndShifts) {
  const double usual = parity::kFeatureTolerance;
  const ExtraCase cases[] = {
      {"smpx.w1.euler.constant", SolverKind::kEuler, 1, 0.15, usual},
      {"smpx.w1.euler.cfg_star-1-0", SolverKind::kEuler, 1, 0.15, usual, 1},
      {"smpx.w4.euler.constant", SolverKind::kEuler, 4, 0.15, kWideTolerance},
      {"smpx.w4.heun.cfg_star-1-0", SolverKind::kHeun, 4, 0.15, kWideTolerance, 1},
      {"smpx.shift1.euler.constant", SolverKind::kEuler, 1.5, 1, usual},
      {"smpx.shift0.euler.constant", SolverKind::kEuler, 1.5, 0, usual},
      {"smpx.shift0.4.heun.constant", SolverKind::kHeun, 1.5, 0.4, usual},
  };
  for (const ExtraCase& extra : cases) {
    SamplingOptions options =
        extra.skip > 0 ? cfg_star(extra.skip, 0) : guided_by(GuidanceSchedule::kConstant);
    options.guidance_scale = extra.scale;
    options.solver = extra.solver;
    options.shift = extra.shift;
    options.steps = 5;
    parity::expect_close(extra.name, tiny_path(options)[5], tiny_cases()[extra.name],
                         extra.tolerance);
  }
}

TEST(SamplerParity, TheModelOf256Tokens) {
  const models::Dit dit = load_dit("tiny/dit_tiny_256.pt", 4);
  SamplingOptions options = cfg_star(1, 0);
  options.steps = 5;
  const std::string name = "dit256.euler.cfg_star-1-0.N5";
  parity::expect_close(name,
                       path_of(dit, tiny_cases()["dit256.z"], tiny_cases()["dit256.y"], options)[5],
                       tiny_cases()[name], parity::kFeatureTolerance);
}

// The runs call no guidance "off".
TEST(SamplerParity, TheGoldenRunsOnTwelveChannels) {
  models::DitConfig config;
  config.channels = 12;
  config.width = 64;
  config.depth = 2;
  config.heads = 4;
  config.mlp = 256;
  config.classes = 10;
  models::Dit dit(config);
  dit.pos_embed = nn::position_table(16, 16, config.width);
  parity::hash_fill_module(dit);
  const nlohmann::json& golden = parity::json_file("full/golden.json")["sampler_on_dit_tiny12"];
  const at::Tensor noise = parity::hash_fill(golden["noise"]);
  const at::Tensor labels = at::tensor(golden["y"].get<std::vector<int64_t>>());
  for (const nlohmann::json& run : golden["runs"]) {
    const std::string guidance = run["guidance"];
    SamplingOptions options;
    for (const Mode& mode : modes())
      if (guidance == mode.name) options = mode.options;
    ASSERT_EQ(options.guidance_scale != 1, guidance != "off") << guidance;
    options.solver = parse_name<SolverKind>(run["solver"].get<std::string>());
    options.steps = run["N"];
    parity::expect_summary("golden.sampler." + run["solver"].get<std::string>() + "." + guidance +
                               ".N" + std::to_string(options.steps),
                           path_of(dit, noise, labels, options)[options.steps], run,
                           parity::kFullSizeTolerance);
  }
}

}  // namespace
}  // namespace svgen::diffusion
