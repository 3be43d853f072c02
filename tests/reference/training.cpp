// SPDX-License-Identifier: MIT
// The comparisons of the training goldens.
#include "reference/training.h"

#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>
#include <cmath>
#include <iostream>

namespace svgen::parity {
namespace {

double relative_error(double actual, double expected) {
  const double error = std::abs(actual - expected);
  return expected == 0 ? error : error / std::abs(expected);
}

void print(const std::string& case_name, double error, double tolerance) {
  std::cout << "parity " << case_name << " " << error << " " << tolerance << std::endl;
}

// The largest error of a summary as a share of what is allowed.
double summary_share(const at::Tensor& tensor, const nlohmann::json& wanted) {
  const at::Tensor values = tensor.detach().to(at::kCPU, at::kDouble).flatten();
  const double allowed = 10 * wanted.at("fp32_dev").get<double>() + 1e-6;
  double worst = std::max(
      std::abs(values.mean().item<double>() - wanted.at("mean").get<double>()),
      std::abs(values.std(/*unbiased=*/false).item<double>() - wanted.at("std").get<double>()));
  const auto& first = wanted.at("first3");
  for (size_t i = 0; i < first.size(); ++i) {
    const double found = values[static_cast<int64_t>(i)].item<double>();
    worst = std::max(worst, std::abs(found - first[i].get<double>()));
  }
  return worst / allowed;
}

}  // namespace

void expect_relative(const std::string& case_name, double actual, double expected,
                     double tolerance) {
  const double error = relative_error(actual, expected);
  print(case_name, error, tolerance);
  EXPECT_LE(error, tolerance) << case_name << ": found " << actual << ", expected " << expected;
}

void expect_gradient_norms(const std::string& case_name, const train::FlatParameters& parameters,
                           const nlohmann::json& expected, const std::set<std::string>& left_out,
                           double tolerance) {
  double largest = 0;
  for (const auto& [name, norm] : expected.items()) {
    if (norm.is_null() || left_out.count(name) > 0) continue;
    const double found =
        at::linalg_vector_norm(parameters.leaf(name).grad().to(at::kDouble)).item<double>();
    const double error = relative_error(found, norm.get<double>());
    EXPECT_LE(error, tolerance) << case_name << " " << name << ": " << found;
    largest = std::max(largest, error);
  }
  print(case_name, largest, tolerance);
}

void expect_summaries(const std::string& case_name, const train::NamedTensors& actual,
                      const nlohmann::json& expected, const std::set<std::string>& left_out,
                      double share) {
  double largest = 0;
  size_t compared = 0;
  for (const auto& [name, tensor] : actual) {
    if (left_out.count(name) > 0 || !expected.contains(name)) continue;
    const double found = summary_share(tensor, expected[name]);
    EXPECT_LE(found, share) << case_name << " " << name;
    largest = std::max(largest, found);
    ++compared;
  }
  EXPECT_GE(compared, actual.size() - left_out.size()) << case_name << ": too few tensors compared";
  print(case_name + ".share_of_allowed", largest, share);
}

}  // namespace svgen::parity
