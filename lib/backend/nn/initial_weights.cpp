// SPDX-License-Identifier: MIT
// Drawing the initial weights.
#include "nn/initial_weights.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "nn/sine_cosine.h"
#include "svgen/error.h"
#include "svgen/random.h"

namespace svgen::nn {
namespace {

using enum InitialWeights;

int64_t elements(const std::vector<int64_t>& shape, size_t first) {
  int64_t count = 1;
  for (size_t i = first; i < shape.size(); ++i) count *= shape[i];
  return count;
}

const InitialWeightsRule& rule_for(std::span<const InitialWeightsRule> rules,
                                   const std::string& name) {
  for (const InitialWeightsRule& rule : rules)
    if (name.find(rule.contains) != std::string::npos && name.ends_with(rule.ends)) return rule;
  throw ConfigurationError("no rule says how to draw the first values of a tensor",
                           {.expected = "a rule", .found = "none", .where = name});
}

// Numbers of one tensor: a function of its number alone.
struct Stream {
  uint64_t seed, tensor;

  void normal(std::span<float> out, double centre, double spread) const {
    normal_noise(seed, tensor, RandomPurpose::kWeights, out);
    for (float& value : out) value = static_cast<float>(centre + spread * value);
  }
  void uniform(std::span<float> out, double bound) const {
    std::array<double, 4> block{};
    for (size_t i = 0; i < out.size(); ++i) {
      if (i % 4 == 0) block = uniform_numbers(seed, tensor, RandomPurpose::kWeights, i / 4);
      out[i] = static_cast<float>(bound * (2 * block[i % 4] - 1));
    }
  }
};

// Beyond two deviations a normal value is folded back to a uniform one in between: rare, and the
// published initialisation redraws there.
void cut(std::span<float> values, double spread) {
  const auto limit = static_cast<float>(2 * spread);
  for (float& value : values)
    if (std::abs(value) > limit) value = std::fmod(value, limit);
}

void draw(const InitialWeightsRule& rule, const std::vector<int64_t>& shape, int64_t fan_in,
          const Stream& stream, std::span<float> out) {
  switch (rule.kind) {
    case kZeros:
      break;
    case kOnes:
      for (float& value : out) value = 1;
      break;
    case kNormal:
      stream.normal(out, rule.centre, rule.spread);
      break;
    case kXavier:
      stream.uniform(out, std::sqrt(6.0 / static_cast<double>(shape[0] + fan_in)));
      break;
    case kFanInUniform:
      stream.uniform(out, 1 / std::sqrt(static_cast<double>(fan_in)));
      break;
    case kFanInNormal:
      stream.normal(out, 0, 1 / std::sqrt(static_cast<double>(fan_in)));
      cut(out, 1 / std::sqrt(static_cast<double>(fan_in)));
      break;
    case kPositionTable:
      break;  // made whole by the caller
  }
}

}  // namespace

void draw_initial_weights(const std::function<void(const StateScope&)>& visit,
                          std::span<const InitialWeightsRule> rules, uint64_t seed, uint32_t stream,
                          const Grid& grid) {
  uint64_t number = uint64_t{stream} << 32;
  int64_t fan_in = 1;
  const StateVisitor fill = [&](const StateSlot& slot) {
    const InitialWeightsRule& rule = rule_for(rules, slot.name);
    const bool counts = slot.name.ends_with("num_batches_tracked");
    if (rule.kind == kPositionTable)
      slot.tensor = position_table(grid.height, grid.width, slot.shape.back()).view(slot.shape);
    else
      slot.tensor = at::zeros(slot.shape, counts ? at::kLong : at::kFloat);
    if (slot.shape.size() > 1) fan_in = elements(slot.shape, 1);
    if (!counts && rule.kind != kPositionTable)
      draw(rule, slot.shape, fan_in, {seed, number},
           {slot.tensor.mutable_data_ptr<float>(), static_cast<size_t>(slot.tensor.numel())});
    ++number;
  };
  visit(StateScope(fill));
}

}  // namespace svgen::nn
