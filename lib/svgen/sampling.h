// SPDX-License-Identifier: MIT
// The settings of the sampler and their names.
#pragma once

#include <cstdint>
#include <string_view>

namespace svgen {

enum class Solver { kEuler, kHeun };
enum class Guidance { kConstant, kLate, kEarly, kLinear, kCfgStar, kInterval };

/// Nicks: "euler", "heun"; "constant", "late", "early", "linear", "cfg-star", "interval".
const char* solver_name(Solver solver);
const char* guidance_name(Guidance guidance);

/// The reverse. Throw ConfigurationError listing the known names.
Solver parse_solver(std::string_view name);
Guidance parse_guidance(std::string_view name);

struct SamplingOptions {
  int64_t steps = 25;
  double shift = 0.15;  // s of t = s u / (1 + (s - 1) u); <= 0 means none
  Solver solver = Solver::kEuler;
  Guidance guidance = Guidance::kConstant;
  double guidance_scale = 1.0;    // w; 1 skips the unconditional pass
  double guidance_start = 0.0;    // R of early-R (guided where t > R); low end of interval
  double guidance_end = 1.0;      // high end of interval (guided where start < t <= end)
  int64_t guidance_skip = 0;      // K of cfg_star-K-R: steps that take v = -R v_u
  double guidance_reverse = 0.0;  // R of cfg_star-K-R

  bool operator==(const SamplingOptions&) const = default;
};

/// Throws ConfigurationError naming the first setting out of its range.
void validate(const SamplingOptions& options);

}  // namespace svgen
