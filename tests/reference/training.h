// SPDX-License-Identifier: MIT
// Comparisons of the training goldens: relative errors of losses and norms, summaries of updated
// parameters with the published single-precision run's own deviation as the yardstick.
#pragma once

#include <set>
#include <string>

#include "reference/parity.h"
#include "train/flat_parameters.h"

namespace svgen::parity {

inline constexpr double kFirstLossTolerance = 1e-6;      // relative
inline constexpr double kGradientNormTolerance = 1e-4;   // relative
inline constexpr double kDiffusionLossTolerance = 1e-5;  // relative, from the second step on
inline constexpr double kAutoencoderLossTolerance = 1e-4;

/// |actual - expected| / |expected|; absolute where 0 is expected.
void expect_relative(const std::string& case_name, double actual, double expected,
                     double tolerance);

/// The norms of the gradients, of all names in `expected` but those that are null or belong to
/// `left_out`.
void expect_gradient_norms(const std::string& case_name, const train::FlatParameters& parameters,
                           const nlohmann::json& expected, const std::set<std::string>& left_out,
                           double tolerance = kGradientNormTolerance);

/// Mean, deviation and first three values of each tensor in `expected`, within `share` of what is
/// allowed: ten times its "fp32_dev" plus 1e-6. Prints the largest share.
void expect_summaries(const std::string& case_name, const train::NamedTensors& actual,
                      const nlohmann::json& expected, const std::set<std::string>& left_out,
                      double share = 1);

}  // namespace svgen::parity
