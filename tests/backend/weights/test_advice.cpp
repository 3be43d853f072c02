// SPDX-License-Identifier: MIT
// Advice from the names in a file on why it does not fit.
#include "weights/advice.h"

#include <ATen/ops/ones.h>

#include "support.h"
#include "weights/memory_source.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;

std::string advice_for(const std::vector<std::string>& names, const std::string& missing) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const std::string& name : names) tensors.emplace_back(name, at::ones({1}));
  return advice(*memory_source("x", tensors), missing);
}

TEST(Advice, NamesThePrefixThatTheCardLacks) {
  EXPECT_THAT(advice_for({"model.net.ln1.weight", "model.net.b"}, "ln1.weight"),
              HasSubstr("\"model.net.\""));
}

TEST(Advice, DoesNotGuessBetweenTwoPrefixes) {
  EXPECT_THAT(advice_for({"online.ln1.weight", "ema.ln1.weight"}, "ln1.weight"),
              HasSubstr("right file, prefix and sizes"));
  EXPECT_THAT(advice_for({"xln1.weight"}, "ln1.weight"), HasSubstr("right file"));
  EXPECT_THAT(advice_for({"a.b"}, ""), HasSubstr("right file"));
  EXPECT_THAT(advice_for({}, "a"), HasSubstr("no tensors at all"));
}

TEST(Advice, KnowsHowWeightsAreQuantizedAndWrapped) {
  EXPECT_THAT(advice_for({"ln1.weight", "ln1.weight.absmax"}, "x"), HasSubstr("bitsandbytes"));
  EXPECT_THAT(advice_for({"ln1.qweight"}, "ln1.weight"), HasSubstr("GPTQ"));
  EXPECT_THAT(advice_for({"_flat_param"}, "x"), HasSubstr("FSDP"));
  EXPECT_THAT(advice_for({"ln1.lora_A.weight"}, "x"), HasSubstr("LoRA"));
  EXPECT_THAT(advice_for({"shadow_params.0"}, "x"), HasSubstr("without names"));
}

}  // namespace
}  // namespace svgen::weights
