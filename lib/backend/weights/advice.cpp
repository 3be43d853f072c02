// SPDX-License-Identifier: MIT
// Names that tell how a file was made.
#include "weights/advice.h"

#include <utility>

namespace svgen::weights {
namespace {

#define NOT_QUANTIZED ": fetch those that are not quantized"

// The endings of tensors' names that betray how a file was made.
constexpr std::pair<std::string_view, const char*> kTraces[] = {
    {".absmax", "the weights are quantized by bitsandbytes" NOT_QUANTIZED},
    {".SCB", "the weights are quantized by bitsandbytes" NOT_QUANTIZED},
    {".qweight", "the weights are quantized (GPTQ or AWQ)" NOT_QUANTIZED},
    {".weight_scale", "the weights are quantized, with scales beside them" NOT_QUANTIZED},
    {".weight_scale_inv", "the weights are quantized, with scales beside them" NOT_QUANTIZED},
    {".scale_weight", "the weights are quantized, with scales beside them" NOT_QUANTIZED},
    {"scaled_fp8", "the weights are quantized, with scales beside them" NOT_QUANTIZED},
    {"._packed_params", "the weights are quantized by torch" NOT_QUANTIZED},
    {"flat_param", "the weights are FSDP's flattened ones: save with FULL_STATE_DICT"},
    {".lora_A.weight", "this is a LoRA adapter: merge it into its model and save that"},
    {".lora_A.default.weight", "this is a LoRA adapter: merge it into its model and save that"},
    {".lora_down.weight", "this is a LoRA adapter: merge it into its model and save that"},
    {".parametrizations.weight.original0",
     "the weights are parametrized: call remove_parametrizations before they are saved"},
    {".weight_g", "the weights are normalized: call remove_weight_norm before they are saved"},
    {"shadow_params.0", "the averages are a list without names: save them as a state dict"},
};

#undef NOT_QUANTIZED

// The prefix under which the file has the tensor, when it is the only one.
std::string prefix_of(const StateSource& source, const std::string& missing) {
  std::string prefix;
  for (const TensorInfo& info : source.tensors()) {
    if (missing.empty() || !info.name.ends_with("." + missing)) continue;
    if (!prefix.empty()) return {};
    prefix = info.name.substr(0, info.name.size() - missing.size());
  }
  return prefix;
}

}  // namespace

std::string trace_of(const StateSource& source) {
  for (const TensorInfo& info : source.tensors())
    for (const auto& [end, what] : kTraces)
      if (info.name.ends_with(end)) return what;
  return {};
}

std::string advice(const StateSource& source, const std::string& missing) {
  if (source.tensors().empty()) return "it holds no tensors at all; fetch it again";
  if (const std::string trace = trace_of(source); !trace.empty()) return trace;
  if (const std::string prefix = prefix_of(source, missing); !prefix.empty())
    return "its names begin with \"" + prefix + R"(": set "prefix" in the card)";
  return "check that the card names the right file, prefix and sizes";
}

}  // namespace svgen::weights
