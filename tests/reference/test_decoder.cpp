// SPDX-License-Identifier: MIT
// The decoder of the tiny system against the reference, with the activations between.
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include "backend/weights/open_part.h"
#include "models/conv_decoder/conv_decoder.h"
#include "reference/parity.h"
#include "weights/load.h"

namespace svgen {
namespace {

using parity::expect_close;
using parity::kPixelTolerance;

models::ConvDecoder tiny_decoder() {
  const auto source = weights::testing::open_part(
      parity::data_file("tiny/autoencoder_tiny.safetensors"), ModelPart::kDecoder, "decoder.");
  models::ConvDecoder decoder(models::infer_conv_decoder_config(DecoderConfig{}, *source, 56));
  weights::load_module(decoder, *source);
  return decoder;
}

class DecoderParity : public testing::Test {
 protected:
  c10::InferenceMode inference_;
  const parity::Cases& cases_ = parity::tiny_cases();
  models::ConvDecoder decoder_ = tiny_decoder();
};

TEST_F(DecoderParity, ActivationsMatchStageByStage) {
  const auto& up = decoder_.up;
  at::Tensor h = cases_["dec.latent"].narrow(0, 0, 1).contiguous(at::MemoryFormat::ChannelsLast);
  const auto expect_stage = [&](const std::string& name, const at::Tensor& activation) {
    h = activation;
    expect_close("dec.act." + name, h, cases_["dec.act." + name], kPixelTolerance);
  };
  expect_stage("conv_in", decoder_.conv_in(h));
  expect_stage("mid.block_1", decoder_.mid_block_1(h));
  expect_stage("mid.attn_1", decoder_.mid_attn_1(h));
  expect_stage("mid.block_2", decoder_.mid_block_2(h));
  expect_stage("up.4.block.0", up[4].block[0](h));
  expect_stage("up.4.attn.0", up[4].attn[0](h));
  h = up[4].attn[1](up[4].block[1](h));
  expect_stage("up.4.upsample", (*up[4].upsample)(h));
  expect_stage("up.3.block.0", up[3].block[0](h));
}

TEST_F(DecoderParity, OutputMatches) {
  const at::Tensor out = decoder_.forward(cases_["dec.latent"]);
  expect_close("dec.out", out, cases_["dec.out"], kPixelTolerance);
  expect_close("dec.out.fp32", out, cases_["dec.out.fp32"], kPixelTolerance);
}

TEST_F(DecoderParity, NonSquareLatentsMatch) {
  for (const std::string size : {"64x96", "96x64"})
    expect_close("dec.out_rect_" + size, decoder_.forward(cases_["dec.latent_rect_" + size]),
                 cases_["dec.out_rect_" + size], kPixelTolerance);
}

TEST_F(DecoderParity, NormalisationEpsilonMatches) {
  decoder_.conv_in.weight = decoder_.conv_in.weight * 0.0005;
  decoder_.conv_in.bias = decoder_.conv_in.bias * 0.0005;
  expect_close("eps.dec.out", decoder_.forward(cases_["dec.latent"]), cases_["eps.dec.out"],
               kPixelTolerance);
}

}  // namespace
}  // namespace svgen
