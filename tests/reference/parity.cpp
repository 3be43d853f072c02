// SPDX-License-Identifier: MIT
// Case files, the hash fill and the comparisons of the parity tests.
#include "reference/parity.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/ones.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

namespace svgen::parity {
namespace {

uint32_t fnv1a(const std::string& key) {
  uint32_t hash = 2166136261u;
  for (unsigned char byte : key) hash = (hash ^ byte) * 16777619u;
  return hash;
}

uint32_t murmur3_finaliser(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
  x = (x ^ (x >> 13)) * 0xC2B2AE35u;
  return x ^ (x >> 16);
}

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() >= ending.size() &&
         text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

std::string index_text(int64_t flat, at::IntArrayRef sizes) {
  std::string text;
  for (size_t i = sizes.size(); i-- > 0; flat /= sizes[i])
    text = std::to_string(flat % sizes[i]) + (text.empty() ? "" : ", ") + text;
  return "[" + text + "]";
}

void report(const std::string& case_name, double error, double tolerance) {
  std::cout << "parity " << case_name << " " << error << " " << tolerance << std::endl;
  std::ostringstream text;
  text << error;
  testing::Test::RecordProperty(case_name, text.str());
}

}  // namespace

std::filesystem::path data_file(const std::string& relative) {
  return std::filesystem::path(SVGEN_TEST_DATA) / relative;
}

Cases::Cases(const std::string& relative) : source_(weights::open_weights(data_file(relative))) {}

at::Tensor Cases::operator[](const std::string& name) const {
  return source_->read(name);
}

const Cases& tiny_cases() {
  static const Cases cases("tiny/cases.safetensors");
  return cases;
}

const nlohmann::json& json_file(const std::string& relative) {
  static std::map<std::string, nlohmann::json> files;
  auto [entry, is_new] = files.try_emplace(relative);
  if (is_new) entry->second = nlohmann::json::parse(std::ifstream(data_file(relative)));
  return entry->second;
}

at::Tensor hash_fill(const std::string& key, const std::vector<int64_t>& shape, double amplitude,
                     double centre) {
  at::Tensor filled = at::empty(shape, at::kFloat);
  float* values = filled.data_ptr<float>();
  const uint32_t start = fnv1a(key);
  at::parallel_for(0, filled.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint32_t x = murmur3_finaliser(start + static_cast<uint32_t>(i) * 0x9E3779B9u);
      const double u = x * 0x1p-32;
      values[i] = static_cast<float>(centre + amplitude * (2 * u - 1));
    }
  });
  return filled;
}

at::Tensor hash_fill(const nlohmann::json& input) {
  return hash_fill(input.at("key").get<std::string>(),
                   input.at("shape").get<std::vector<int64_t>>(), input.at("a").get<double>(),
                   input.value("c", 0.0));
}

at::Tensor hash_weight(const std::string& name, const std::vector<int64_t>& shape) {
  if (shape.size() == 1)
    return hash_fill(name, shape, 0.1, ends_with(name, "weight") || ends_with(name, "gamma"));
  int64_t fan_in = 1;
  for (size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  return hash_fill(name, shape, std::sqrt(3.0 / static_cast<double>(fan_in)));
}

void hash_fill_state(const std::function<void(const nn::StateScope&)>& visit) {
  const nn::StateVisitor fill = [](const nn::StateSlot& slot) {
    if (slot.tensor.defined() || ends_with(slot.name, "periods")) return;
    if (ends_with(slot.name, "bias_mask")) {
      const int64_t width = slot.shape.at(0) / 3;
      slot.tensor = at::ones(slot.shape);
      slot.tensor.narrow(0, width, width).zero_();
    } else {
      slot.tensor = hash_weight(slot.name, slot.shape);
    }
  };
  visit(nn::StateScope(fill));
}

void expect_close(const std::string& case_name, const at::Tensor& actual,
                  const at::Tensor& expected, double tolerance) {
  ASSERT_TRUE(actual.defined()) << case_name;
  ASSERT_EQ(actual.sizes(), expected.sizes()) << case_name;
  const at::Tensor found = actual.detach().to(at::kCPU, at::kDouble).contiguous();
  const at::Tensor wanted = expected.to(at::kDouble).contiguous();
  ASSERT_TRUE(at::isfinite(found).all().item<bool>()) << case_name << ": not finite";
  const at::Tensor error = (found - wanted).abs().flatten();
  const int64_t worst = error.argmax().item<int64_t>();
  const double largest = error[worst].item<double>();
  report(case_name, largest, tolerance);
  EXPECT_LE(largest, tolerance) << case_name << " at " << index_text(worst, expected.sizes())
                                << ": found " << found.flatten()[worst].item<double>()
                                << ", expected " << wanted.flatten()[worst].item<double>();
}

void expect_summary(const std::string& case_name, const at::Tensor& actual,
                    const nlohmann::json& expected, double tolerance) {
  const at::Tensor found = actual.detach().to(at::kCPU, at::kDouble);
  double largest = 0;
  const auto compare = [&](const std::string& what, double value, double wanted) {
    largest = std::max(largest, std::abs(value - wanted));
    EXPECT_NEAR(value, wanted, tolerance) << case_name << " " << what;
  };
  if (expected.contains("mean"))
    compare("mean", found.mean().item<double>(), expected["mean"].get<double>());
  if (expected.contains("std"))
    compare("std", found.std(/*unbiased=*/false).item<double>(), expected["std"].get<double>());
  for (const auto& spot : expected.at("spots")) {
    const auto index = spot.at("index").get<std::vector<int64_t>>();
    ASSERT_EQ(static_cast<int64_t>(index.size()), found.dim()) << case_name;
    at::Tensor value = found;
    for (int64_t i : index) value = value[i];
    compare("at " + spot["index"].dump(), value.item<double>(), spot.at("value").get<double>());
  }
  report(case_name, largest, tolerance);
}

double rms_difference(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor difference = actual.to(at::kDouble) - expected.to(at::kDouble);
  return std::sqrt((difference * difference).mean().item<double>());
}

}  // namespace svgen::parity
