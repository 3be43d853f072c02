// SPDX-License-Identifier: MIT
// Names and ranges of the sampler's settings.
#include "svgen/sampling.h"

#include <cmath>
#include <string>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen {
namespace {

template <typename Value>
struct Named {
  Value value;
  const char* name;
};

constexpr Named<Solver> kSolvers[] = {{Solver::kEuler, "euler"}, {Solver::kHeun, "heun"}};

constexpr Named<Guidance> kGuidances[] = {
    {Guidance::kConstant, "constant"}, {Guidance::kLate, "late"},
    {Guidance::kEarly, "early"},       {Guidance::kLinear, "linear"},
    {Guidance::kCfgStar, "cfg-star"},  {Guidance::kInterval, "interval"},
};

template <typename Value, size_t kCount>
const char* name_in(const Named<Value> (&table)[kCount], Value value) {
  for (const Named<Value>& row : table) {
    if (row.value == value) return row.name;
  }
  return "?";
}

template <typename Value, size_t kCount>
Value parse_in(const Named<Value> (&table)[kCount], std::string_view name, const char* key) {
  std::string known;
  for (const Named<Value>& row : table) {
    if (name == row.name) return row.value;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  throw ConfigurationError(std::string("unknown ") + key + ": use one of " + known,
                           {"one of " + known, std::string(name), key});
}

}  // namespace

const char* solver_name(Solver solver) {
  return name_in(kSolvers, solver);
}
const char* guidance_name(Guidance guidance) {
  return name_in(kGuidances, guidance);
}
Solver parse_solver(std::string_view name) {
  return parse_in(kSolvers, name, "solver");
}
Guidance parse_guidance(std::string_view name) {
  return parse_in(kGuidances, name, "guidance");
}

void validate(const SamplingOptions& options) {
  constexpr double kMax = 1e6;
  constexpr int64_t kMaxSteps = 10000;
  const struct {
    const char* key;
    double value, low, high;
  } ranges[] = {
      {"steps", static_cast<double>(options.steps), 1, kMaxSteps},
      {"shift", options.shift, -kMax, kMax},
      {"guidance-scale", options.guidance_scale, -kMax, kMax},
      {"guidance-start", options.guidance_start, 0, 1},
      {"guidance-end", options.guidance_end, 0, 1},
      {"guidance-skip", static_cast<double>(options.guidance_skip), 0, kMaxSteps},
      {"guidance-reverse", options.guidance_reverse, -kMax, kMax},
  };
  for (const auto& [key, value, low, high] : ranges) {
    if (std::isfinite(value) && value >= low && value <= high) continue;
    throw ConfigurationError(std::string(key) + " is out of range",
                             {fixed_text(low) + " to " + fixed_text(high), fixed_text(value), key});
  }
  if (options.guidance == Guidance::kInterval && options.guidance_start >= options.guidance_end) {
    throw ConfigurationError(
        "the guidance interval is empty: guidance-start must be below guidance-end",
        {"guidance-start < guidance-end",
         fixed_text(options.guidance_start) + " and " + fixed_text(options.guidance_end),
         "guidance-start"});
  }
}

}  // namespace svgen
