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
};

void check_range(const SamplingSetting& setting, double value) {
  const auto [low, high] = setting.range;
  if (std::isfinite(value) && value >= low && value <= high) return;
  throw ConfigurationError(setting.name() + " is out of range",
                           {.expected = fixed_text(low) + " to " + fixed_text(high),
                            .found = fixed_text(value),
                            .where = setting.name()});
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

template std::span<const NamedValue<SolverKind>> named_values<SolverKind>();
template const char* name_of<SolverKind>(SolverKind);
template SolverKind parse_name<SolverKind>(std::string_view);

template std::span<const NamedValue<GuidanceSchedule>> named_values<GuidanceSchedule>();
template const char* name_of<GuidanceSchedule>(GuidanceSchedule);
template GuidanceSchedule parse_name<GuidanceSchedule>(std::string_view);

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
