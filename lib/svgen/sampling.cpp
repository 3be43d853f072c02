// SPDX-License-Identifier: MIT
// The tables of the sampler's settings and of their names.
#include "svgen/sampling.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen {
namespace {

template <typename Enum>
struct Names;

template <>
struct Names<SolverKind> {
  static constexpr const char* kOf = "solver";
  static constexpr NamedValue<SolverKind> kRows[] = {
      {SolverKind::kEuler, "euler", "Euler: one evaluation a step"},
      {SolverKind::kHeun, "heun", "Heun: two evaluations a step"},
      {SolverKind::kMidpoint, "midpoint", "Midpoint: two evaluations a step"},
      {SolverKind::kRk4, "rk4", "Runge-Kutta of order 4 (3/8 rule): four evaluations a step"},
      {SolverKind::kMultistep, "multistep",
       "Adams-Bashforth of order 2: one evaluation a step, Euler where there is no step before"},
      {SolverKind::kDopri5, "dopri5",
       "Dormand-Prince of order 5: controls the error of each image by atol and rtol"},
      {SolverKind::kDopri5Published, "dopri5-published",
       "Dormand-Prince as torchdiffeq runs it: one error for the whole batch, past the end"},
      {SolverKind::kEulerMaruyama, "euler-maruyama",
       "Euler-Maruyama: one evaluation a step, with noise"},
      {SolverKind::kStochasticHeun, "stochastic-heun",
       "Stochastic Heun: two evaluations a step, with noise"},
      {SolverKind::kDdpm, "ddpm", "Ancestral steps of a network that predicts noise"},
      {SolverKind::kDdim, "ddim", "DDIM steps of a network that predicts noise"},
  };
};

template <>
struct Names<DiffusionForm> {
  static constexpr const char* kOf = "diffusion-form";
  static constexpr NamedValue<DiffusionForm> kRows[] = {
      {DiffusionForm::kSigma, "sigma", "As the share of noise, norm sigma(t)"},
      {DiffusionForm::kLinear, "linear", "norm (1 - t)"},
      {DiffusionForm::kDecreasing, "decreasing", "(norm cos(pi t) + 1)^2 / 4"},
      {DiffusionForm::kIncreasingDecreasing, "increasing-decreasing", "refused: never ran"},
      {DiffusionForm::kConstant, "constant", "refused: never ran"},
      {DiffusionForm::kSbdm, "sbdm", "refused: infinite at t = 0"},
  };
};

template <>
struct Names<LastStep> {
  static constexpr const char* kOf = "last-step";
  static constexpr NamedValue<LastStep> kRows[] = {
      {LastStep::kMean, "mean", "The drift without noise"},
      {LastStep::kEuler, "euler", "The velocity alone"},
      {LastStep::kTweedie, "tweedie", "The expected data (Tweedie's formula)"},
      {LastStep::kNone, "none", "No step of its own: noise to the end"},
  };
};

template <>
struct Names<TimestepSpacing> {
  static constexpr const char* kOf = "timestep-spacing";
  static constexpr NamedValue<TimestepSpacing> kRows[] = {
      {TimestepSpacing::kLinspace, "linspace", "From the first to the last, rounded"},
      {TimestepSpacing::kLeading, "leading", "Every so many from the first (published as ddimN)"},
  };
};

template <>
struct Names<GuidanceSchedule> {
  static constexpr const char* kOf = "guidance";
  static constexpr NamedValue<GuidanceSchedule> kRows[] = {
      {GuidanceSchedule::kConstant, "constant", "The same scale at every step"},
      {GuidanceSchedule::kLate, "late", "Guided in the second half of the steps"},
      {GuidanceSchedule::kEarly, "early", "Guided where t > guidance-start (published as early-R)"},
      {GuidanceSchedule::kLinear, "linear", "The scale grows linearly from 1 to the full one"},
      {GuidanceSchedule::kCfgStar, "cfg-star",
       "The first guidance-skip steps take -guidance-reverse times the unconditional velocity "
       "(published as cfg_star-K-R)"},
      {GuidanceSchedule::kInterval, "interval", "Guided where guidance-start < t <= guidance-end"},
  };
};

using Options = SamplingOptions;

constexpr SamplingSetting kSettings[] = {
    {"steps", &Options::steps, {1, 10000}, "Steps of the solver"},
    {"shift", &Options::shift, {-1, 100}, "Time shift s of t = s u / (1 + (s - 1) u); <= 0: none"},
    {"solver", &Options::solver, {}, "Solver of the flow"},
    {"guidance", &Options::guidance, {}, "When classifier-free guidance acts"},
    {"guidance_scale",
     &Options::guidance_scale,
     {-1000, 1000},
     "Scale w of the guidance; 1 skips the unconditional pass"},
    {"guidance_start",
     &Options::guidance_start,
     {0, 1},
     "early: guided where t > this; interval: low end"},
    {"guidance_end", &Options::guidance_end, {0, 1}, "interval: guided where t <= this"},
    {"guidance_skip",
     &Options::guidance_skip,
     {0, 10000},
     "cfg-star: first steps that leave out the class (K)"},
    {"guidance_reverse",
     &Options::guidance_reverse,
     {-1000, 1000},
     "cfg-star: these steps take -R times the unconditional velocity (R)"},
    {"guidance_channels",
     &Options::guidance_channels,
     {0, 1 << 20},
     "Guides only this many channels of the latent, from the first; 0: all"},
    {"cache_interval",
     &Options::cache_interval,
     {1, 100},
     "euler, multistep: evaluates the first two steps, the last and every so many; the velocity of "
     "the others follows from the last two evaluations"},
    {"atol", &Options::atol, {1e-12, 1}, "dopri5: absolute tolerance of a step"},
    {"rtol", &Options::rtol, {1e-12, 1}, "dopri5: relative tolerance of a step"},
    {"diffusion_form", &Options::diffusion_form, {}, "Diffusion of the solvers with noise"},
    {"diffusion_norm", &Options::diffusion_norm, {0, 100}, "Factor of the diffusion"},
    {"last_step", &Options::last_step, {}, "Last step of the solvers with noise"},
    {"last_step_size", &Options::last_step_size, {1e-6, 1}, "Size of that step in t"},
    {"eta", &Options::eta, {0, 1}, "ddim: share of ddpm's noise"},
    {"timestep_spacing",
     &Options::timestep_spacing,
     {},
     "ddpm, ddim: which of the 1000 steps of the diffusion are kept"},
};

void check_range(const SamplingSetting& setting, double value) {
  const auto [low, high] = setting.range;
  if (std::isfinite(value) && value >= low && value <= high) return;
  throw ConfigurationError(setting.name() + " is out of range",
                           {.expected = fixed_text(low) + " to " + fixed_text(high),
                            .found = fixed_text(value),
                            .where = setting.name()});
}

// The published code of these stops with an exception, or gives no numbers.
void check_form(const SamplingOptions& options) {
  using enum DiffusionForm;
  const DiffusionForm form = options.diffusion_form;
  if (form == kSigma || form == kLinear || form == kDecreasing) return;
  throw ConfigurationError(std::string("diffusion-form ") + name_of(form) +
                               " never worked in the published code, so nobody knows its results",
                           {.expected = "sigma, linear or decreasing",
                            .found = name_of(form),
                            .where = "diffusion-form"});
}

// Its number of steps is known at the end alone.
void check_adaptive(const SamplingOptions& options) {
  using enum GuidanceSchedule;
  const bool is_adaptive =
      options.solver == SolverKind::kDopri5 || options.solver == SolverKind::kDopri5Published;
  const bool counts =
      options.guidance == kLate || options.guidance == kLinear || options.guidance == kCfgStar;
  if (!is_adaptive || !counts) return;
  throw ConfigurationError(
      std::string("the guidance ") + name_of(options.guidance) + " counts steps, and " +
          name_of(options.solver) + " has no fixed number of them",
      {.expected = "guidance constant, early or interval, or another solver",
       .found = std::string(name_of(options.guidance)) + " with " + name_of(options.solver),
       .where = "guidance"});
}

// Others evaluate between the steps, or add noise.
void check_cache(const SamplingOptions& options) {
  const bool can = options.solver == SolverKind::kEuler || options.solver == SolverKind::kMultistep;
  if (can || options.cache_interval == 1) return;
  throw ConfigurationError("cache-interval is for solvers that evaluate each step once",
                           {.expected = "cache-interval 1, or solver euler or multistep",
                            .found = std::string("solver ") + name_of(options.solver),
                            .where = "cache-interval"});
}

}  // namespace

template <typename Enum>
std::span<const NamedValue<Enum>> named_values() {
  return Names<Enum>::kRows;
}

template <typename Enum>
const char* name_of(Enum value) {
  for (const NamedValue<Enum>& row : Names<Enum>::kRows)
    if (row.value == value) return row.name;
  return "?";
}

template <typename Enum>
Enum parse_name(std::string_view name) {
  for (const NamedValue<Enum>& row : Names<Enum>::kRows)
    if (name == row.name) return row.value;
  const char* of = Names<Enum>::kOf;
  const std::string known = "one of " + joined(Names<Enum>::kRows, ", ", &NamedValue<Enum>::name);
  throw ConfigurationError(std::string("unknown ") + of + ": use " + known,
                           {.expected = known, .found = std::string(name), .where = of});
}

// NOLINTBEGIN(bugprone-macro-parentheses): the name of a type takes none
#define SVGEN_NAMES_OF(Enum)                                       \
  template std::span<const NamedValue<Enum>> named_values<Enum>(); \
  template const char* name_of<Enum>(Enum);                        \
  template Enum parse_name<Enum>(std::string_view)
SVGEN_NAMES_OF(SolverKind);
SVGEN_NAMES_OF(GuidanceSchedule);
SVGEN_NAMES_OF(DiffusionForm);
SVGEN_NAMES_OF(LastStep);
SVGEN_NAMES_OF(TimestepSpacing);
#undef SVGEN_NAMES_OF
// NOLINTEND(bugprone-macro-parentheses)

std::string SamplingSetting::name() const {
  std::string name = key;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::vector<std::string> SamplingSetting::choices() const {
  std::vector<std::string> names;
  const auto add = [&]<typename T>(T Options::*) {
    if constexpr (std::is_enum_v<T>)
      for (const NamedValue<T>& row : named_values<T>()) names.emplace_back(row.name);
  };
  std::visit(add, member);
  return names;
}

std::string SamplingSetting::text(const SamplingOptions& options) const {
  const auto text_of = [&]<typename T>(T Options::*of) -> std::string {
    if constexpr (std::is_enum_v<T>)
      return name_of(options.*of);
    else if constexpr (std::is_integral_v<T>)
      return std::to_string(options.*of);
    else
      return number_text(options.*of);
  };
  return std::visit(text_of, member);
}

std::span<const SamplingSetting> sampling_settings() {
  return kSettings;
}

void validate(const SamplingOptions& options) {
  for (const SamplingSetting& setting : kSettings) {
    const auto check = [&]<typename T>(T Options::*member) {
      if constexpr (std::is_arithmetic_v<T>)
        check_range(setting, static_cast<double>(options.*member));
    };
    std::visit(check, setting.member);
  }
  check_form(options);
  check_adaptive(options);
  check_cache(options);
  if (options.guidance == GuidanceSchedule::kInterval &&
      options.guidance_start >= options.guidance_end) {
    throw ConfigurationError(
        "the guidance interval is empty: guidance-start must be below guidance-end",
        {.expected = "guidance-start < guidance-end",
         .found = fixed_text(options.guidance_start) + " and " + fixed_text(options.guidance_end),
         .where = "guidance-start"});
  }
}

}  // namespace svgen
