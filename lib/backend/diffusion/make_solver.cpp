// SPDX-License-Identifier: MIT
// Choosing a solver by the settings.
#include <string>
#include <utility>

#include "diffusion/ddpm.h"
#include "diffusion/dopri5.h"
#include "diffusion/multistep.h"
#include "diffusion/path.h"
#include "diffusion/solver.h"
#include "diffusion/stochastic.h"
#include "svgen/error.h"

namespace svgen::diffusion {
namespace {

bool reverses_diffusions(SolverKind solver) {
  return solver == SolverKind::kDdpm || solver == SolverKind::kDdim;
}

void check(const SamplingOptions& options, const Process& process) {
  const bool is_diffusion = process.path == Path::kDiffusion;
  if (is_diffusion == reverses_diffusions(options.solver)) return;
  throw ConfigurationError(
      is_diffusion ? "the model predicts noise: its diffusion is reversed by ddpm or ddim"
                   : "the model predicts a velocity: ddpm and ddim reverse a diffusion of noise",
      {.expected = is_diffusion ? "solver ddpm or ddim" : "a solver of a flow, such as euler",
       .found = name_of(options.solver),
       .where = "solver"});
}

}  // namespace

std::unique_ptr<Solver> make_solver(const SamplingOptions& options, const Process& process,
                                    StepNoise noise, double strength) {
  check(options, process);
  const double first = (1 - strength) * process.end;  // the u that it starts from
  const double start = shift_time(first, options.shift);
  const auto grid = [&] { return time_grid(options.steps, options.shift, process.end, first); };
  const auto on_grid = [&](SolverStep step, SolverStep last = nullptr) {
    return std::make_unique<GridSolver>(grid(), step, last);
  };
  switch (options.solver) {
    case SolverKind::kEuler:
      break;
    case SolverKind::kHeun:
      return on_grid(heun_step, process.ends_with_euler ? euler_step : nullptr);
    case SolverKind::kMidpoint:
      return on_grid(midpoint_step);
    case SolverKind::kRk4:
      return on_grid(rk4_step);
    case SolverKind::kMultistep:
      return std::make_unique<MultistepSolver>(grid());
    case SolverKind::kDopri5:
      return std::make_unique<Dopri5Solver>(options, /*is_published=*/false, start);
    case SolverKind::kDopri5Published:
      return std::make_unique<Dopri5Solver>(options, /*is_published=*/true, start);
    case SolverKind::kEulerMaruyama:
    case SolverKind::kStochasticHeun:
      return std::make_unique<StochasticSolver>(options, process, std::move(noise), start);
    case SolverKind::kDdpm:
    case SolverKind::kDdim:
      return std::make_unique<DiffusionSolver>(options, std::move(noise), 1 - strength);
  }
  return on_grid(euler_step);
}

}  // namespace svgen::diffusion
