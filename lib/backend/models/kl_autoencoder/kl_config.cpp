// SPDX-License-Identifier: MIT
// The sizes of an autoencoder with Gaussian latents, from a card and a file.
#include <algorithm>
#include <memory>
#include <string>

#include "models/kl_autoencoder/kl_autoencoder.h"
#include "models/sizes.h"
#include "svgen/error.h"
#include "weights/prefixed_source.h"

namespace svgen::models {
namespace {

// Refers to a source that somebody else owns.
std::shared_ptr<const weights::StateSource> borrowed(const weights::StateSource& source) {
  return {std::shared_ptr<void>(), &source};
}

void check_cell(const Card& card, const weights::StateSource& source, const char* part,
                int64_t scale) {
  if (scale == card.patch) return;
  throw ConfigurationError(
      std::string("the ") + part +
          " has another number of pixels per cell than the card: correct \"latent.cell\"",
      {.expected = std::to_string(scale) + " (2 to the number of levels less one) as in " +
                   source.path().string(),
       .found = std::to_string(card.patch),
       .where = card.path.string()});
}

void check_latent(const weights::StateSource& source, const char* part, int64_t wanted,
                  int64_t found) {
  if (wanted == 0 || wanted == found) return;
  throw ConfigurationError(
      std::string("the ") + part + " is not one of this latent: name the files of one model",
      {.expected = std::to_string(wanted) + " channels",
       .found = std::to_string(found),
       .where = source.path().string()});
}

KlEncoderConfig encoder_from_file(const Card& card, const weights::StateSource& source,
                                  int64_t latent_channels) {
  const EncoderConfig& given = *card.encoder;
  SizeCheck check("encoder", source);
  KlEncoderConfig config;
  config.channels =
      check.settle("channels", given.channels, file_size(source, "encoder.conv_in.weight", 4, 0));
  config.z_channels = file_size(source, "encoder.conv_out.weight", 4, 0) / 2;
  config.latent_channels = file_size(source, "quant_conv.weight", 4, 0) / 2;
  config.multipliers.clear();
  config.groups = given.groups;
  for (int64_t level = 0; level < file_count(source, "encoder.down."); ++level) {
    const std::string name = "encoder.down." + std::to_string(level) + ".";
    const int64_t width = file_size(source, name + "block.0.conv1.weight", 4, 0);
    config.multipliers.push_back(width / config.channels);
    if (width % std::max<int64_t>(given.groups, 1) != 0)
      check.reject("groups", "a divisor of " + std::to_string(width), std::to_string(given.groups));
    if (file_count(source, name + "attn.") > 0) config.attention_levels.push_back(level);
  }
  check.settle("multipliers", given.multipliers, config.multipliers);
  check.settle("attention_levels", given.attention_levels, config.attention_levels);
  config.res_blocks =
      check.settle("res_blocks", given.res_blocks, file_count(source, "encoder.down.0.block."));
  check.finish();
  if (config.multipliers.empty())
    throw WeightsError("the weights file holds no encoder that svgen knows",
                       {.expected = "levels encoder.down.0, encoder.down.1, ...",
                        .found = "none",
                        .where = source.path().string()});
  check_cell(card, source, "encoder", config.downscale());
  check_latent(source, "encoder", latent_channels, config.latent_channels);
  return config;
}

KlDecoderConfig decoder_from_file(const Card& card, const weights::StateSource& source,
                                  int64_t latent_channels) {
  KlDecoderConfig config;
  const auto decoder = weights::prefixed_source(borrowed(source), "decoder.");
  config.decoder = infer_conv_decoder_config(*card.decoder, *decoder, /*latent_channels=*/0);
  config.latent_channels = file_size(source, "post_quant_conv.weight", 4, 1);
  check_cell(card, source, "decoder", config.decoder.upscale());
  check_latent(source, "decoder", latent_channels, config.latent_channels);
  return config;
}

KlEncoderConfig encoder_from_card(const Card& card, int64_t latent_channels, MissingKeys& missing) {
  const EncoderConfig& given = *card.encoder;
  missing.require("latent.channels", latent_channels);
  missing.require("encoder.channels", given.channels);
  missing.require("encoder.multipliers", static_cast<int64_t>(given.multipliers.size()));
  missing.require("encoder.res_blocks", given.res_blocks);
  return {.latent_channels = latent_channels,
          .z_channels = latent_channels,
          .channels = given.channels,
          .multipliers = given.multipliers,
          .res_blocks = given.res_blocks,
          .attention_levels = given.attention_levels,
          .groups = given.groups};
}

KlDecoderConfig decoder_from_card(const Card& card, int64_t latent_channels, MissingKeys& missing) {
  return {.latent_channels = latent_channels,
          .decoder = kConvDecoder.from_card(card, latent_channels, missing)};
}

}  // namespace

constinit const Component<KlEncoderConfig> kKlEncoder = {
    .part = ModelPart::kEncoder,
    .presets = {},
    .spelling = &kKlEncoderSpelling,
    .from_file = encoder_from_file,
    .from_card = encoder_from_card,
    .initial_weights = nn::kConvolutionWeights};

constinit const Component<KlDecoderConfig> kKlDecoder = {
    .part = ModelPart::kDecoder,
    .presets = {},
    .spelling = &kKlDecoderSpelling,
    .from_file = decoder_from_file,
    .from_card = decoder_from_card,
    .initial_weights = nn::kConvolutionWeights};

}  // namespace svgen::models
