// SPDX-License-Identifier: MIT
// Full-size models with hash-filled weights against the reference's summaries and spot values.
#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/dit/dit.h"
#include "models/residual_vit/residual_vit.h"
#include "nn/sine_cosine.h"
#include "reference/parity.h"

namespace svgen {
namespace {

using nlohmann::json;
using parity::expect_summary;
using parity::hash_fill;
using parity::kFullSizeTolerance;

const json& golden(const char* key) {
  return parity::json_file("full/golden.json").at(key);
}

template <typename Module>
std::pair<int64_t, int64_t> count_state(Module& module) {  // tensors, values but constants
  std::pair<int64_t, int64_t> counts;
  const nn::StateVisitor count = [&](const nn::StateSlot& slot) {
    ++counts.first;
    const bool counted = slot.name.find("bias_mask") == std::string::npos &&
                         slot.name.find("periods") == std::string::npos;
    if (counted) counts.second += slot.tensor.numel();
  };
  nn::visit_state(module, count);
  return counts;
}

class FullSize : public testing::Test {
 protected:
  c10::InferenceMode inference_;
};

TEST_F(FullSize, GeneratorOfTheWeightsMatches) {
  const json& check = parity::json_file("full/golden.json").at("generator").at("check");
  const auto expected = check.at("first5").get<std::vector<float>>();
  parity::expect_close("generator", hash_fill("x", {5}, 1), at::tensor(expected), 1e-9);
}

TEST_F(FullSize, PositionTableMatches) {
  expect_summary("position_table", nn::position_table(16, 16, 64).select(0, 0),
                 golden("position_table"), 1e-6);
}

TEST_F(FullSize, TimeFeaturesMatch) {
  expect_summary("t_features", nn::time_features(at::tensor({0.3f}), 256)[0], golden("t_features"),
                 1e-6);
}

models::Dit filled_dit(const models::DitConfig& config) {
  models::Dit dit(config);
  dit.pos_embed = nn::position_table(16, 16, config.width);
  parity::hash_fill_module(dit);
  return dit;
}

TEST_F(FullSize, SmallDitMatches) {
  const json& wanted = golden("dit_tiny12");
  models::Dit dit =
      filled_dit({.channels = 12, .width = 64, .depth = 2, .heads = 4, .mlp = 256, .classes = 10});
  EXPECT_EQ(count_state(dit).first, wanted.at("tensors").get<int64_t>());
  const json& input = wanted.at("input");
  const at::Tensor out =
      dit.forward(hash_fill(input), at::tensor(input.at("t").get<std::vector<float>>()),
                  at::tensor(input.at("y").get<std::vector<int64_t>>()));
  expect_summary("dit_tiny12", out, wanted, kFullSizeTolerance);
}

TEST_F(FullSize, ResidualMatches) {
  const json& wanted = golden("residual_full");
  models::ResidualVit residual(models::ResidualVitConfig{});
  parity::hash_fill_module(residual);
  EXPECT_EQ(count_state(residual), std::pair(wanted.at("tensors").get<int64_t>(), 11192840L));
  expect_summary("residual_full", residual.forward(hash_fill(wanted.at("input"))).transpose(1, 2),
                 wanted, kFullSizeTolerance);
  const json& pictures = parity::json_file("full/full_size.json").at("autoencoder");
  const at::Tensor images = parity::Cases("full/images.safetensors")["images"];  // (2, 256, 256, 3)
  const at::Tensor mean = at::tensor({0.485f, 0.456f, 0.406f});
  const at::Tensor deviation = at::tensor({0.229f, 0.224f, 0.225f});
  const at::Tensor pixels =
      ((images.to(at::kFloat) / 255 - mean) / deviation).permute({0, 3, 1, 2});
  expect_summary("residual_raw_batch2", residual.forward(pixels).transpose(1, 2),
                 pictures.at("residual_raw_batch2"), kFullSizeTolerance);
}

TEST_F(FullSize, DecoderMatches) {
  const json& wanted = golden("decoder_full");
  models::ConvDecoder decoder(models::ConvDecoderConfig{});
  parity::hash_fill_module(decoder);
  EXPECT_EQ(count_state(decoder), std::pair(wanted.at("tensors").get<int64_t>(), 43076483L));
  expect_summary("decoder_full", decoder.forward(hash_fill(wanted.at("input"))), wanted,
                 kFullSizeTolerance);
}

TEST_F(FullSize, DinoMatchesWithBothSetsOfPeriods) {
  const json& wanted = golden("dinov3_s16plus");
  models::DinoV3 dino(*models::kDinoV3.find_preset("dinov3-vits16plus"));
  parity::hash_fill_module(dino);
  EXPECT_EQ(count_state(dino),
            std::pair(wanted.at("tensors").get<int64_t>(), wanted.at("params").get<int64_t>()));
  for (const std::string periods : {"stored_bf16_periods", "exact_periods"}) {
    const json& variant = wanted.at(periods);
    dino.periods = periods == "exact_periods"
                       ? at::Tensor()
                       : at::tensor(variant.at("periods").get<std::vector<float>>());
    const at::Tensor tokens = dino.forward(hash_fill(variant.at("input")));
    expect_summary("dinov3_s16plus." + periods, tokens.narrow(1, 5, 256), variant.at("patches"),
                   kFullSizeTolerance);
    expect_summary("dinov3_s16plus." + periods + ".cls", tokens.select(1, 0),
                   json{{"spots", variant.at("cls")}}, kFullSizeTolerance);
  }
  for (const std::string size : {"exact_periods_224x224", "exact_periods_256x512"})
    expect_summary("dinov3_s16plus." + size,
                   dino.patch_tokens(hash_fill(wanted.at(size).at("input"))), wanted.at(size),
                   kFullSizeTolerance);
}

struct Variant {
  const char* name;    // in the file
  const char* preset;  // of the model
};

class FullSizeDit : public testing::TestWithParam<Variant> {
 protected:
  c10::InferenceMode inference_;
};

TEST_P(FullSizeDit, VelocityMatches) {
  const json& file = parity::json_file("full/full_size.json").at("dit");
  const json& wanted = file.at("variants").at(GetParam().name);
  models::Dit dit = filled_dit(*models::kDit.find_preset(GetParam().preset));
  EXPECT_EQ(count_state(dit),
            std::pair(wanted.at("tensors").get<int64_t>(), wanted.at("params").get<int64_t>()));
  const json& input = file.at("input");
  const at::Tensor velocity =
      dit.forward(hash_fill(input), at::full({1}, input.at("t").get<double>(), at::kFloat),
                  at::full({1}, input.at("y").get<int64_t>(), at::kLong));
  expect_summary(std::string("dit_full.") + GetParam().name, velocity, wanted, kFullSizeTolerance);
}

std::string variant_name(const testing::TestParamInfo<Variant>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Presets, FullSizeDit,
                         testing::Values(Variant{"S", "svg-s"}, Variant{"B", "svg-b"},
                                         Variant{"L", "svg-l"}, Variant{"XL", "svg-xl"}),
                         variant_name);

}  // namespace
}  // namespace svgen
