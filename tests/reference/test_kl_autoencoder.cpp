// SPDX-License-Identifier: MIT
// SD-VAE and VA-VAE against their published code, in each spelling.
#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>
#include <c10/core/InferenceMode.h>

#include <map>

#include "models/kl_autoencoder/kl_autoencoder.h"
#include "reference/baselines.h"

namespace svgen {
namespace {

using models::KlDecoder;
using models::KlDecoderConfig;
using models::KlEncoder;
using models::KlEncoderConfig;
using parity::hash_fill;

struct Sizes {
  KlEncoderConfig encoder;
  KlDecoderConfig decoder;
};

Sizes sizes(int64_t latent, int64_t channels, const std::vector<int64_t>& multipliers,
            int64_t res_blocks, const std::vector<int64_t>& attention) {
  return {{.latent_channels = latent,
           .z_channels = latent,
           .channels = channels,
           .multipliers = multipliers,
           .res_blocks = res_blocks,
           .attention_levels = attention},
          {.latent_channels = latent,
           .decoder = {.latent_channels = latent,
                       .channels = channels,
                       .multipliers = multipliers,
                       .res_blocks = res_blocks,
                       .attention_levels = attention}}};
}

template <typename Module, typename Config>
Module filled(const Config& config, bool arranges = true) {
  Module module(config);
  parity::hash_fill_module(module);
  if (arranges) module.arrange();
  return module;
}

class KlAutoencoderParity : public testing::Test {
 protected:
  void check(const std::string& name, const at::Tensor& found, const std::string& title = "") {
    parity::expect_close("vae:" + name + title, found, cases_[name],
                         parity::tolerance_of("vae", name));
  }

  c10::InferenceMode inference_;
  const parity::Cases cases_{"baselines/vae.safetensors"};
  const at::Tensor picture_ = hash_fill("input.img", {2, 3, 32, 32}, 1);
};

TEST_F(KlAutoencoderParity, SdVaeMatches) {
  const Sizes tiny = sizes(4, 32, {1, 2, 2}, 1, {});
  const KlEncoder encoder = filled<KlEncoder>(tiny.encoder);
  const KlDecoder decoder = filled<KlDecoder>(tiny.decoder);
  const at::Tensor moments = encoder.moments(picture_);
  check("sdvae.moments", moments);
  check("sdvae.moments", filled<KlEncoder>(tiny.encoder, false).moments(picture_), "(as trained)");
  const at::Tensor noise = hash_fill("input.eps", {2, 4, 8, 8}, 1.7320508);
  check("sdvae.sample", moments.narrow(1, 0, 4) + at::exp(moments.narrow(1, 4, 4) * 0.5) * noise);
  check("sdvae.decode", decoder.pixels(hash_fill("input.latent", {2, 4, 8, 8}, 1)));
  check("sdvae.recon", decoder.pixels(moments.narrow(1, 0, 4)));
}

TEST_F(KlAutoencoderParity, VaVaeMatches) {
  const Sizes tiny = sizes(8, 32, {1, 1, 2}, 1, {2});
  check("vavae.moments", filled<KlEncoder>(tiny.encoder).moments(picture_));
  check("vavae.decode",
        filled<KlDecoder>(tiny.decoder).pixels(hash_fill("input.latent", {2, 8, 8, 8}, 1)));
}

TEST_F(KlAutoencoderParity, FullSizesMatch) {
  const at::Tensor picture = hash_fill("input.img64", {1, 3, 64, 64}, 1);
  const Sizes sd = sizes(4, 128, {1, 2, 4, 4}, 2, {});
  check("sdvae_full.moments64", filled<KlEncoder>(sd.encoder).moments(picture));
  check("sdvae_full.decode64",
        filled<KlDecoder>(sd.decoder).pixels(hash_fill("input.latent64", {1, 4, 8, 8}, 1)));
  const Sizes va = sizes(32, 128, {1, 1, 2, 2, 4}, 2, {4});
  check("vavae_full.moments64", filled<KlEncoder>(va.encoder).moments(picture));
  check("vavae_full.decode64",
        filled<KlDecoder>(va.decoder).pixels(hash_fill("input.latent64", {1, 32, 4, 4}, 1)));
}

// As an engine holds the weights: packed for the processor's own products.
TEST_F(KlAutoencoderParity, ReducedPrecisionStaysNear) {
  const Sizes tiny = sizes(4, 32, {1, 2, 2}, 1, {});
  parity::NamedTensors tensors;
  const nn::StateVisitor keep = [&](const nn::StateSlot& slot) {
    tensors.emplace_back(slot.name, slot.tensor);
  };
  KlEncoder encoder = filled<KlEncoder>(tiny.encoder, /*arranges=*/false);
  KlDecoder decoder = filled<KlDecoder>(tiny.decoder, /*arranges=*/false);
  nn::visit_state(encoder, keep);
  nn::visit_state(decoder, keep);
  const std::filesystem::path file = parity::written("sd_bfloat16.safetensors", tensors);
  parity::load_for_inference(encoder, *parity::open_spelled(file, models::kKlEncoderSpelling),
                             DType::kBFloat16);
  parity::load_for_inference(decoder, *parity::open_spelled(file, models::kKlDecoderSpelling),
                             DType::kBFloat16);
  parity::expect_close("vae:sdvae.moments(bfloat16)", encoder.moments(picture_).to(at::kFloat),
                       cases_["sdvae.moments"], 0.1);
  parity::expect_close("vae:sdvae.decode(bfloat16)",
                       decoder.pixels(hash_fill("input.latent", {2, 4, 8, 8}, 1)).to(at::kFloat),
                       cases_["sdvae.decode"], 0.2);
}

// Writes the tiny SD-VAE under the names that `spell` gives for CompVis's.
template <typename Spell>
std::filesystem::path spelled(const std::string& file, const Spell& spell) {
  parity::NamedTensors tensors;
  for (const auto& [diffusers, entry] : parity::json_file("baselines/sdvae_keys.json").items()) {
    const std::string name = entry.at("compvis");
    const std::vector<int64_t> shape = entry.at("compvis_shape");
    const at::Tensor tensor = parity::hash_weight(name, shape);
    tensors.push_back(spell(diffusers, entry, name, tensor));
  }
  return parity::written(file, tensors);
}

TEST_F(KlAutoencoderParity, EverySpellingIsRead) {
  using Pair = std::pair<std::string, at::Tensor>;
  const auto compvis = [](const std::string&, const nlohmann::json&, const std::string& name,
                          const at::Tensor& tensor) {
    return Pair{name, tensor};
  };
  const auto prefixed = [](const std::string&, const nlohmann::json&, const std::string& name,
                           const at::Tensor& tensor) {
    return Pair{"first_stage_model." + name, tensor};
  };
  const auto diffusers = [](const std::string& name, const nlohmann::json& entry,
                            const std::string&, const at::Tensor& tensor) {
    const std::vector<int64_t> shape = entry.at("shape");
    return Pair{name, tensor.reshape(shape)};
  };
  const auto older = [](const std::string&, const nlohmann::json& entry, const std::string&,
                        const at::Tensor& tensor) {
    const std::vector<int64_t> shape = entry.at("shape");
    return Pair{std::string(entry.at("diffusers_old")), tensor.reshape(shape)};
  };
  Card card;
  card.grid = {8, 8};
  card.patch = 4;
  card.encoder = EncoderConfig{};
  card.decoder = DecoderConfig{};
  const std::map<std::string, std::filesystem::path> files = {
      {"compvis", spelled("compvis.safetensors", compvis)},
      {"whole checkpoint", spelled("whole.safetensors", prefixed)},
      {"diffusers", spelled("diffusers.safetensors", diffusers)},
      {"older diffusers", spelled("older.safetensors", older)}};
  for (const auto& [title, file] : files) {
    const auto encoders = parity::open_spelled(file, models::kKlEncoderSpelling);
    KlEncoder encoder(models::kKlEncoder.from_file(card, *encoders, 4));
    parity::load_for_inference(encoder, *encoders);
    const auto decoders = parity::open_spelled(file, models::kKlDecoderSpelling);
    KlDecoder decoder(models::kKlDecoder.from_file(card, *decoders, 4));
    parity::load_for_inference(decoder, *decoders);
    check("sdvae.moments", encoder.moments(picture_), "(" + title + ")");
    check("sdvae.decode", decoder.pixels(hash_fill("input.latent", {2, 4, 8, 8}, 1)),
          "(" + title + ")");
  }
}

}  // namespace
}  // namespace svgen
