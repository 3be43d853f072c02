// SPDX-License-Identifier: MIT
// The settings of the sampler: the options of the library, and one table of them that cards,
// elements and commands read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace svgen {

enum class SolverKind {
  kEuler,
  kHeun,
  kMidpoint,
  kRk4,
  kMultistep,
  kDopri5,
  kDopri5Published,
  kEulerMaruyama,
  kStochasticHeun,
  kDdpm,
  kDdim
};
enum class GuidanceSchedule { kConstant, kLate, kEarly, kLinear, kCfgStar, kInterval };

/// The diffusion w(t) of stochastic solvers, and how they take their last step.
enum class DiffusionForm { kSigma, kLinear, kDecreasing, kIncreasingDecreasing, kConstant, kSbdm };
enum class LastStep { kMean, kEuler, kTweedie, kNone };
/// Which of the 1000 steps of a diffusion are kept.
enum class TimestepSpacing { kLinspace, kLeading };

struct SamplingOptions {
  int64_t steps = 25;
  double shift = 0.15;  // s of t = s u / (1 + (s - 1) u); <= 0 means none
  SolverKind solver = SolverKind::kEuler;
  GuidanceSchedule guidance = GuidanceSchedule::kConstant;
  double guidance_scale = 1.0;    // w; 1 skips the unconditional pass
  double guidance_start = 0.0;    // R of early-R (guided where t > R); low end of interval
  double guidance_end = 1.0;      // high end of interval (guided where start < t <= end)
  int64_t guidance_skip = 0;      // K of cfg_star-K-R: steps that take v = -R v_u
  double guidance_reverse = 0.0;  // R of cfg_star-K-R
  int64_t guidance_channels = 0;  // guides only so many channels, from the first; 0: all
  int64_t cache_interval = 1;     // the model is asked at every so many steps; 1: at each
  double atol = 1e-6;             // dopri5: absolute and relative tolerance of a step
  double rtol = 1e-3;
  DiffusionForm diffusion_form = DiffusionForm::kSigma;
  double diffusion_norm = 1.0;
  LastStep last_step = LastStep::kMean;
  double last_step_size = 0.04;
  double eta = 0.0;  // ddim: 0 adds no noise, 1 as much as ddpm
  TimestepSpacing timestep_spacing = TimestepSpacing::kLinspace;

  bool operator==(const SamplingOptions&) const = default;
};

/// Throws ConfigurationError naming the first setting out of its range.
void validate(const SamplingOptions& options);

/// Describes a value of one of the enums above.
template <typename Enum>
struct NamedValue {
  Enum value;
  const char* name;   // as users write it: "cfg-star"
  const char* words;  // what it does, in one line
};

/// Returns all values of an enum above, in their order.
template <typename Enum>
std::span<const NamedValue<Enum>> named_values();

/// Returns the name of a value; "?" for a number that is none.
template <typename Enum>
const char* name_of(Enum value);

/// Returns the value of a name. Throws ConfigurationError listing the known names.
template <typename Enum>
Enum parse_name(std::string_view name);

/// Describes a member of the options: its name, its type and range, and words for people.
struct SamplingSetting {
  using Member = std::variant<int64_t SamplingOptions::*, double SamplingOptions::*,
                              SolverKind SamplingOptions::*, GuidanceSchedule SamplingOptions::*,
                              DiffusionForm SamplingOptions::*, LastStep SamplingOptions::*,
                              TimestepSpacing SamplingOptions::*>;

  struct Range {
    double low = 0, high = 0;  // inclusive
  };

  const char* key;  // of a card: "guidance_scale"
  Member member;
  Range range;        // of a number
  const char* words;  // what it is, in one line

  /// Returns the name that properties and options have: "guidance-scale".
  std::string name() const;
  /// Returns the names that it takes; empty for a number.
  std::vector<std::string> choices() const;
  /// Returns its value in `options`: "25", "0.15", "euler".
  std::string text(const SamplingOptions& options) const;
};

/// Returns a setting for each member of the options, in their order.
std::span<const SamplingSetting> sampling_settings();

}  // namespace svgen
