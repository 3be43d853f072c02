// SPDX-License-Identifier: MIT
// Classifier-free guidance: how much of the conditional and of the null-class velocity a step uses.
#include "diffusion/guidance.h"

namespace svgen::diffusion {
namespace {

constexpr double kUnguided = 1;

double scheduled_scale(const SamplingOptions& options, int64_t step, double t) {
  const double scale = options.guidance_scale;
  const double progress = static_cast<double>(step + 1) / static_cast<double>(options.steps);
  switch (options.guidance) {
    case GuidanceSchedule::kLate:
      return progress > 0.5 ? scale : kUnguided;
    case GuidanceSchedule::kEarly:
      return t > options.guidance_start ? scale : kUnguided;
    case GuidanceSchedule::kLinear:
      return kUnguided + (scale - kUnguided) * progress;
    case GuidanceSchedule::kInterval:
      return options.guidance_start < t && t <= options.guidance_end ? scale : kUnguided;
    case GuidanceSchedule::kConstant:
    case GuidanceSchedule::kCfgStar:
      break;
  }
  return scale;
}

}  // namespace

GuidanceWeights guided(double scale) {
  return {.conditional = scale, .null = 1 - scale};
}

GuidanceWeights guidance_weights(const SamplingOptions& options, int64_t step, double t) {
  // The published schedule skips its first steps whatever the scale is, so also at scale 1.
  if (options.guidance == GuidanceSchedule::kCfgStar && step < options.guidance_skip)
    return {.conditional = 0, .null = -options.guidance_reverse};
  return guided(scheduled_scale(options, step, t));
}

}  // namespace svgen::diffusion
