// SPDX-License-Identifier: MIT
// One network of a file under the published names, whatever the file's spelling.
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <functional>

#include "open_part.h"
#include "support.h"
#include "weights/safetensors.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;
using namespace testing;
using Named = std::vector<std::pair<std::string, at::Tensor>>;

Named read_all(const StateSource& source) {
  Named tensors;
  for (const TensorInfo& info : source.tensors())
    tensors.emplace_back(info.name, source.read(info.name));
  return tensors;
}

class OpenNetwork : public ::testing::Test {
 protected:
  std::filesystem::path write(const Named& tensors) {
    write_safetensors(folder_.path() / "file", tensors);
    return folder_.path() / "file";
  }
  ScratchFolder folder_;
};

TEST_F(OpenNetwork, SelectsAndStripsThePrefix) {
  const auto file = tiny("svg_autoencoder_tiny.ckpt");
  EXPECT_EQ(open_part(file, ModelPart::kEncoder, "encoder.")->tensors().size(), 42u);
  EXPECT_EQ(open_part(file, ModelPart::kResidual, "extra_vit.")->tensors().size(), 34u);
  const auto decoder = open_part(file, ModelPart::kDecoder, "decoder.");
  EXPECT_EQ(decoder->tensors().size(), 144u);
  EXPECT_TRUE(at::equal(decoder->read("conv_in.weight"),
                        open_weights(file)->read("decoder.conv_in.weight")));
}

TEST_F(OpenNetwork, FindsTheUsualPrefixWhenNoneIsGiven) {
  const auto file = tiny("autoencoder_tiny.safetensors");
  expect_same(*open_part(file, ModelPart::kDecoder, ""),
              *open_part(file, ModelPart::kDecoder, "decoder."));
}

TEST_F(OpenNetwork, TakesTheWholeFileWhenNoNameHasThePrefix) {
  expect_same(*open_part(tiny("dino_tiny_meta.pth"), ModelPart::kEncoder, "encoder."),
              *open_part(tiny("autoencoder_tiny.safetensors"), ModelPart::kEncoder, "encoder."));
  EXPECT_EQ(open_part(tiny("dit_tiny.pt"), ModelPart::kDiffusion, "")->tensors().size(), 40u);
}

// Returns the tensors of a source, each under the name that `wrap` makes of its own.
Named renamed(const StateSource& source,
              const std::function<std::string(const std::string&)>& wrap) {
  Named tensors = read_all(source);
  for (auto& [name, tensor] : tensors) name = wrap(name);
  return tensors;
}

std::string with_wrapped_blocks(const std::string& name, const std::string& wrapper) {
  if (!name.starts_with("blocks.")) return name;
  const size_t end = name.find('.', 7) + 1;
  return name.substr(0, end) + wrapper + name.substr(end);
}

TEST_F(OpenNetwork, SeesThroughTheWrappersOfTrainings) {
  const auto bare = open_part(tiny("dit_tiny.safetensors"), ModelPart::kDiffusion, "");
  const std::function<std::string(const std::string&)> wraps[] = {
      [](const std::string& name) { return "module." + name; },
      [](const std::string& name) { return "module._orig_mod." + name; },
      [](const std::string& name) {
        return with_wrapped_blocks(name, "_checkpoint_wrapped_module.");
      },
      [](const std::string& name) {
        return "_fsdp_wrapped_module." +
               with_wrapped_blocks(name, "_fsdp_wrapped_module._checkpoint_wrapped_module.");
      },
      [](const std::string& name) { return with_wrapped_blocks(name, "_orig_mod."); },
  };
  for (const auto& wrap : wraps) {
    Named tensors = renamed(*bare, wrap);
    expect_same(*open_part(write(tensors), ModelPart::kDiffusion, ""), *bare);
    for (auto& [name, tensor] : tensors) name = "net." + name;
    expect_same(*open_part(write(tensors), ModelPart::kDiffusion, "net."), *bare);
  }
}

TEST_F(OpenNetwork, AnAveragedModelsCounterIsSurplus) {
  const auto bare = open_part(tiny("dit_tiny.safetensors"), ModelPart::kDiffusion, "");
  for (const std::string prefix : {"", "ema_model."}) {
    Named tensors =
        renamed(*bare, [&](const std::string& name) { return prefix + "module." + name; });
    tensors.emplace_back(prefix + "n_averaged", at::ones({}, at::kLong));
    tensors.emplace_back(prefix + "steps", at::ones({}, at::kLong));  // MMEngine's
    const auto source = open_part(write(tensors), ModelPart::kDiffusion, prefix);
    EXPECT_EQ(source->tensors().size(), bare->tensors().size() + 2);
    EXPECT_FALSE(source->surplus_reason("steps").empty());
    EXPECT_THAT(source->surplus_reason("n_averaged"), HasSubstr("averaged models"));
  }
}

TEST_F(OpenNetwork, ACardsPrefixMayHaveTheWrappersToo) {
  const auto bare = open_part(tiny("dit_tiny.safetensors"), ModelPart::kDiffusion, "");
  Named tensors = renamed(*bare, [](const std::string& name) { return "module.net." + name; });
  tensors.emplace_back("module.loss.scale", at::ones({1}));
  const auto file = write(tensors);
  for (const char* prefix : {"module.net.", "net.", "net.module."})
    expect_same(*open_part(file, ModelPart::kDiffusion, prefix), *bare);
}

TEST_F(OpenNetwork, KeepsTheResidualsOwnNamesThatStartLikeTheEncoders) {
  const auto residual =
      open_part(tiny("autoencoder_tiny.safetensors"), ModelPart::kResidual, "extra_vit.");
  Named bare = read_all(*residual);
  expect_same(*open_part(write(bare), ModelPart::kResidual, "extra_vit."), *residual);
  expect_same(*open_part(write(bare), ModelPart::kResidual, ""), *residual);
}

TEST_F(OpenNetwork, LeavesOutWhatBelongsToOtherRoles) {
  Named tensors =
      read_all(*open_part(tiny("autoencoder_tiny.safetensors"), ModelPart::kDecoder, "decoder."));
  const size_t count = tensors.size();
  for (const char* name : {"encoder.cls_token", "loss.logvar", "norm_vit.weight", "mask_token"})
    tensors.emplace_back(name, at::ones({1}));
  EXPECT_EQ(open_part(write(tensors), ModelPart::kDecoder, "decoder.")->tensors().size(), count);
}

class EncoderSpelling : public ::testing::TestWithParam<const char*> {};

TEST_P(EncoderSpelling, EqualsMetas) {
  const auto meta = open_part(tiny("dino_tiny_meta.pth"), ModelPart::kEncoder, "");
  const auto other = open_part(tiny(GetParam()), ModelPart::kEncoder, "encoder.");
  for (const TensorInfo& info : meta->tensors()) {
    const bool stored = info.name != "rope_embed.periods" &&
                        (info.name != "mask_token" || other->find("mask_token") != nullptr);
    ASSERT_EQ(other->find(info.name) != nullptr, stored) << info.name;
    if (!stored) continue;
    EXPECT_EQ(other->find(info.name)->shape, info.shape) << info.name;
    at::Tensor expected = meta->read(info.name);
    // Both spellings drop the keys' third of the bias, which the mask makes zero anyway.
    if (info.name.ends_with("qkv.bias"))
      expected = at::mul(expected, meta->read(info.name + "_mask"));
    EXPECT_TRUE(at::equal(other->read(info.name), expected)) << info.name;
  }
  for (const TensorInfo& info : other->tensors())
    EXPECT_NE(meta->find(info.name), nullptr) << info.name;
}

INSTANTIATE_TEST_SUITE_P(Files, EncoderSpelling,
                         ::testing::Values("dino_tiny_hf.safetensors",
                                           "dino_tiny_timm.safetensors"),
                         [](const auto& file) {
                           return std::filesystem::path(file.param).stem().string();
                         });

TEST_F(OpenNetwork, AcceptsTheNewerPrefixOfHuggingFaceLayers) {
  Named tensors = read_all(*open_weights(tiny("dino_tiny_hf.safetensors")));
  for (auto& [name, tensor] : tensors)
    if (name.starts_with("layer.")) name = "model." + name;
  expect_same(*open_part(write(tensors), ModelPart::kEncoder, "encoder."),
              *open_part(tiny("dino_tiny_hf.safetensors"), ModelPart::kEncoder, "encoder."));
}

TEST_F(OpenNetwork, SynthesisesAMissingBiasMask) {
  Named tensors;
  for (auto& named : read_all(*open_weights(tiny("dino_tiny_meta.pth"))))
    if (!named.first.ends_with("bias_mask")) tensors.push_back(named);
  expect_same(*open_part(write(tensors), ModelPart::kEncoder, ""),
              *open_part(tiny("dino_tiny_meta.pth"), ModelPart::kEncoder, ""));
}

TEST_F(OpenNetwork, DoesNotOfferAFusedTensorThatLacksAPart) {
  Named tensors = read_all(*open_weights(tiny("dino_tiny_hf.safetensors")));
  std::erase_if(tensors, [](const auto& named) {
    return named.first == "layer.0.attention.k_proj.weight" ||
           named.first == "layer.1.attention.v_proj.bias";
  });
  const auto source = open_part(write(tensors), ModelPart::kEncoder, "");
  EXPECT_EQ(source->find("blocks.0.attn.qkv.weight"), nullptr);
  EXPECT_NE(source->find("blocks.0.attn.qkv.bias"), nullptr);
  EXPECT_EQ(source->find("blocks.1.attn.qkv.bias"), nullptr);
  EXPECT_THROW(source->read("blocks.1.attn.qkv.bias"), WeightsError);
}

TEST_F(OpenNetwork, RefusesPartsThatDoNotFitTogether) {
  for (const at::Tensor& value : {at::ones({4, 4}), at::ones({3, 4}).to(at::kHalf)}) {
    const auto file = write({{"layer.0.attention.q_proj.weight", at::ones({3, 4})},
                             {"layer.0.attention.k_proj.weight", at::ones({3, 4})},
                             {"layer.0.attention.v_proj.weight", value}});
    EXPECT_THAT(report_of<WeightsError>([&] { open_part(file, ModelPart::kEncoder, ""); }),
                HasSubstr("layer.0.attention.v_proj.weight"));
  }
}

TEST_F(OpenNetwork, RefusesOneTensorInTwoSpellings) {
  const auto file = write(
      {{"layer.0.norm1.weight", at::ones({1})}, {"model.layer.0.norm1.weight", at::ones({1})}});
  EXPECT_THAT(report_of<WeightsError>([&] { open_part(file, ModelPart::kEncoder, ""); }),
              HasSubstr("blocks.0.norm1.weight"));
}

TEST_F(OpenNetwork, TranslatesTheOlderSpellingOfTheResidualsMlp) {
  const auto residual =
      open_part(tiny("autoencoder_tiny.safetensors"), ModelPart::kResidual, "extra_vit.");
  Named tensors = read_all(*residual);
  for (auto& [name, tensor] : tensors)
    for (const auto& [newer, older] :
         {std::pair{"mlp.0.", "mlp.linear_1."}, {"mlp.3.", "mlp.linear_2."}})
      if (const size_t at = name.find(newer); at != std::string::npos)
        name.replace(at, std::string(newer).size(), older);
  expect_same(*open_part(write(tensors), ModelPart::kResidual, ""), *residual);
}

TEST_F(OpenNetwork, GivesAReasonForWhatMayBeLeftUnread) {
  const auto source = open_part(tiny("dino_tiny_meta.pth"), ModelPart::kEncoder, "");
  EXPECT_THAT(source->surplus_reason("mask_token"), HasSubstr("pre-training"));
  EXPECT_EQ(source->surplus_reason("cls_token"), "");
  EXPECT_EQ(source->surplus_reason("unheard of"), "");
}

TEST_F(OpenNetwork, KeepsUnknownNamesForTheLoaderToReport) {
  const auto source =
      open_part(write({{"conv_in.weight", at::ones({1})}, {"quant.weight", at::ones({1})}}),
                ModelPart::kDecoder, "decoder.");
  EXPECT_NE(source->find("quant.weight"), nullptr);
}

}  // namespace
}  // namespace svgen::weights
