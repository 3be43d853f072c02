// SPDX-License-Identifier: MIT
// Reference numbers and weights for the parity tests: case files, the hash fill, comparisons.
//
// Every comparison prints one line "parity <case> <max_abs_error> <tolerance>" and records the
// error as a test property, so that a table of the achieved accuracy can be made from a run.
#pragma once

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nn/state.h"
#include "weights/state_source.h"

namespace svgen::parity {

/// A file below tests/data, for example "tiny/dit_tiny.pt".
std::filesystem::path data_file(const std::string& relative);

/// The tensors of a safetensors case file by name.
class Cases {
 public:
  /// `relative` is below tests/data.
  explicit Cases(const std::string& relative);

  /// The tensor in the file's dtype; throws WeightsError when there is none of this name.
  at::Tensor operator[](const std::string& name) const;

 private:
  std::shared_ptr<weights::StateSource> source_;
};

/// tiny/cases.safetensors, opened once.
const Cases& tiny_cases();

/// A JSON file below tests/data ("full/golden.json"), parsed once.
const nlohmann::json& json_file(const std::string& relative);

/// float32 tensor whose element i is c + a (2u - 1) with u the murmur3 finaliser of
/// FNV-1a(key) + i * 0x9E3779B9, divided by 2^32.
at::Tensor hash_fill(const std::string& key, const std::vector<int64_t>& shape, double amplitude,
                     double centre = 0);

/// The same from a JSON object {"key", "a", "c" (0 when absent), "shape"}.
at::Tensor hash_fill(const nlohmann::json& input);

/// The hash fill of one weight: rank >= 2 c = 0, a = sqrt(3 / (numel / shape[0])); rank 1 ending in
/// "weight" or "gamma" c = 1, a = 0.1; any other rank 1 c = 0, a = 0.1.
at::Tensor hash_weight(const std::string& name, const std::vector<int64_t>& shape);

/// Gives every slot of the module that is still undefined its hash weight, except that masks of
/// the fused q, k, v bias become (1, 0, 1) and optional slots outside the rule ("periods") stay
/// undefined. Set a slot beforehand to keep its value.
void hash_fill_state(const std::function<void(const nn::StateScope&)>& visit);

template <typename Module>
void hash_fill_module(Module& module) {
  hash_fill_state([&](const nn::StateScope& state) { module.visit(state); });
}

/// Fails when shapes differ, any value is not finite or the largest absolute difference exceeds
/// `tolerance`; the message names the worst index and both values.
void expect_close(const std::string& case_name, const at::Tensor& actual,
                  const at::Tensor& expected, double tolerance);

/// The same against "mean" and "std" (population; each where present) and the list "spots" of
/// {"index", "value"}.
void expect_summary(const std::string& case_name, const at::Tensor& actual,
                    const nlohmann::json& expected, double tolerance);

/// Root of the mean squared difference.
double rms_difference(const at::Tensor& actual, const at::Tensor& expected);

// Absolute tolerances in float32 on a CPU.
inline constexpr double kFeatureTolerance = 2e-5;   // tokens, latents, velocities, samples
inline constexpr double kPixelTolerance = 5e-5;     // decoded images, and samples at w = 4
inline constexpr double kFullSizeTolerance = 1e-4;  // everything of full/

}  // namespace svgen::parity
