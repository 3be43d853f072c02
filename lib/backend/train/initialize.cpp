// SPDX-License-Identifier: MIT
// Drawing the first weights.
#include "train/initialize.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "nn/sine_cosine.h"
#include "svgen/error.h"
#include "svgen/random.h"

namespace svgen::train {
namespace {

using enum FirstWeights;

constexpr FirstWeightsRule kDit[] = {
    {"pos_embed", "", kPositionTable},
    {"_norm.", "weight", kOnes},
    {"adaLN_modulation", "", kZeros},
    {"final_layer.linear", "", kZeros},
    {"embedding_table", "", kNormal, 0.02},
    {"t_embedder", "weight", kNormal, 0.02},
    {"", "weight", kXavier},
    {"", "bias", kZeros},
};

constexpr FirstWeightsRule kResidual[] = {
    {"class_token", "", kZeros},           {"pos_embedding", "", kNormal, 0.02},
    {"conv_proj", "weight", kFanInNormal}, {"ln", "weight", kOnes},
    {"in_proj_weight", "", kXavier},       {"mlp.", "weight", kXavier},
    {"mlp.", "bias", kNormal, 1e-6},       {"out_proj", "weight", kFanInUniform},
    {"heads.", "", kFanInUniform},         {"", "bias", kZeros},
};

constexpr FirstWeightsRule kDecoder[] = {
    {"norm", "weight", kOnes},
    {"norm", "bias", kZeros},
    {"", "", kFanInUniform},
};

constexpr FirstWeightsRule kDiscriminator[] = {
    {"num_batches_tracked", "", kZeros},
    {"running_mean", "", kZeros},
    {"running_var", "", kOnes},
    {"main.3.", "weight", kNormal, 0.02, 1},
    {"main.6.", "weight", kNormal, 0.02, 1},
    {"main.9.", "weight", kNormal, 0.02, 1},
    {"main.3.", "bias", kZeros},
    {"main.6.", "bias", kZeros},
    {"main.9.", "bias", kZeros},
    {"", "weight", kNormal, 0.02},
    {"", "bias", kFanInUniform},
};

int64_t elements(const std::vector<int64_t>& shape, size_t first) {
  int64_t count = 1;
  for (size_t i = first; i < shape.size(); ++i) count *= shape[i];
  return count;
}

const FirstWeightsRule& rule_for(std::span<const FirstWeightsRule> rules, const std::string& name) {
  for (const FirstWeightsRule& rule : rules) {
    if (name.find(rule.contains) != std::string::npos && name.ends_with(rule.ends)) return rule;
  }
  throw ConfigurationError("no rule says how to draw the first values of a tensor",
                           {"a rule", "none", name});
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
  for (float& value : values) {
    if (std::abs(value) > limit) value = std::fmod(value, limit);
  }
}

void draw(const FirstWeightsRule& rule, const std::vector<int64_t>& shape, int64_t fan_in,
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

std::span<const FirstWeightsRule> dit_first_weights() {
  return kDit;
}
std::span<const FirstWeightsRule> residual_first_weights() {
  return kResidual;
}
std::span<const FirstWeightsRule> decoder_first_weights() {
  return kDecoder;
}
std::span<const FirstWeightsRule> discriminator_first_weights() {
  return kDiscriminator;
}

std::vector<FirstWeightsRule> encoder_first_weights(double layer_scale) {
  return {
      {"gamma", "", kNormal, 0, layer_scale},
      {"norm", "weight", kOnes},
      {"_token", "", kNormal, 0.02},
      {"", "weight", kXavier},
      {"", "bias", kZeros},
      {"", "", kOnes},  // buffers, made by the caller
  };
}

void draw_first_weights(const Visit& visit, std::span<const FirstWeightsRule> rules, uint64_t seed,
                        uint32_t stream, const Grid& grid) {
  uint64_t number = uint64_t{stream} << 32;
  int64_t fan_in = 1;
  const nn::StateVisitor fill = [&](const nn::StateSlot& slot) {
    const FirstWeightsRule& rule = rule_for(rules, slot.name);
    const bool counts = slot.name.ends_with("num_batches_tracked");
    if (rule.kind == kPositionTable) {
      slot.tensor = nn::position_table(grid.height, grid.width, slot.shape.back()).view(slot.shape);
    } else {
      slot.tensor = at::zeros(slot.shape, counts ? at::kLong : at::kFloat);
    }
    if (slot.shape.size() > 1) fan_in = elements(slot.shape, 1);
    if (!counts && rule.kind != kPositionTable) {
      draw(rule, slot.shape, fan_in, {seed, number},
           {slot.tensor.mutable_data_ptr<float>(), static_cast<size_t>(slot.tensor.numel())});
    }
    ++number;
  };
  visit(nn::StateScope(fill));
}

}  // namespace svgen::train
