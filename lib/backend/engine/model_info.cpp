// SPDX-License-Identifier: MIT
// What a card and its files' headers say about a model.
#include "engine/model_info.h"

#include <string>
#include <utility>
#include <vector>

#include "latent/stats_file.h"
#include "svgen/error.h"

namespace svgen::engine {
namespace {

using weights::Role;

int64_t semantic_channels(const ModelFiles& files) {
  const Card& card = files.card();
  if (!card.encoder) return 0;
  if (const auto source = files.open_if_there(Role::kEncoder)) {
    return encoder_config(card, *source).width;
  }
  if (card.encoder->width > 0) return card.encoder->width;
  const models::DinoV3Config* preset = models::find_dinov3_preset(card.encoder->preset);
  return preset == nullptr ? 0 : preset->width;
}

int64_t residual_channels(const ModelFiles& files) {
  const Card& card = files.card();
  if (!card.residual) return 0;
  if (const auto source = files.open_if_there(Role::kResidual)) {
    return residual_config(card, *source).outputs;
  }
  return card.residual->outputs;
}

// One part of the model, the latent channels it needs, and the file or card that says so.
struct Claim {
  const char* part;
  int64_t channels;  // 0 when it does not say
  std::string said_by;
};

std::string file_of(const weights::StateSource& source) {
  return source.path().string();
}

// The encoder's and the residual's files, once when they are one; the card where one is not there.
std::string features_said_by(const ModelFiles& files) {
  std::string all;
  for (const Role role : {Role::kEncoder, Role::kResidual}) {
    if (!files.names(role)) continue;
    const auto source = files.open_if_there(role);
    const std::string said_by = source ? file_of(*source) : files.card().path.string();
    if (all != said_by) all += (all.empty() ? "" : " and ") + said_by;
  }
  return all;
}

int64_t agreed_channels(const Card& card, const std::vector<Claim>& claims) {
  int64_t agreed = 0;
  std::string texts, files;
  bool disagree = false;
  for (const auto& [part, channels, said_by] : claims) {
    if (channels == 0) continue;
    texts += (texts.empty() ? "" : ", ") + std::string(part) + " " + std::to_string(channels);
    files += std::string(part) + " " + said_by + ", ";
    disagree = disagree || (agreed != 0 && channels != agreed);
    agreed = channels;
  }
  if (!disagree) return agreed;
  throw ConfigurationError(
      "the parts of model " + card.name + " do not fit together: name files of one model",
      {"one number of latent channels", texts, files + "card " + card.path.string()});
}

// Where the card gives the number too, its reader has compared them.
void check_class_names(const Card& card, int64_t classes) {
  const auto names = static_cast<int64_t>(card.classes.size());
  if (names == 0 || classes == 0 || names == classes) return;
  throw ConfigurationError(
      "the card of model " + card.name + " does not name each class of its weights once, in order",
      {std::to_string(classes) + " names in \"classes\"", std::to_string(names),
       card.path.string()});
}

}  // namespace

models::DinoV3Config encoder_config(const Card& card, const weights::StateSource& source) {
  return models::infer_dinov3_config(*card.encoder, source, card.patch);
}

models::ResidualVitConfig residual_config(const Card& card, const weights::StateSource& source) {
  return models::infer_residual_vit_config(*card.residual, source, card.patch, card.grid);
}

models::DitConfig diffusion_config(const Card& card, const weights::StateSource& source) {
  const models::DitConfig config = models::infer_dit_config(*card.diffusion, source);
  if (card.grid.tokens() == config.tokens) return config;
  throw ConfigurationError(
      "the card's grid and the diffusion weights have different numbers of tokens: correct "
      "\"grid\"",
      {std::to_string(config.tokens) + " tokens as in " + source.path().string(),
       std::to_string(card.grid.height) + " x " + std::to_string(card.grid.width),
       card.path.string()});
}

models::DecoderConfig decoder_config(const Card& card, const weights::StateSource& source,
                                     int64_t latent_channels) {
  const models::DecoderConfig config =
      models::infer_decoder_config(*card.decoder, source, latent_channels);
  if (config.upscale() == card.patch) return config;
  throw ConfigurationError(
      "the decoder does not draw one patch per token: correct \"patch\" or the multipliers",
      {"patch " + std::to_string(config.upscale()) +
           " (2 to the number of multipliers less one) as in " + source.path().string(),
       "patch " + std::to_string(card.patch), card.path.string()});
}

ModelInfo infer_model_info(const ModelFiles& files) {
  const Card& card = files.card();
  ModelInfo info;
  info.has_encoder = files.names(Role::kEncoder);
  info.has_residual = files.names(Role::kResidual);
  info.has_sampler = files.names(Role::kDiffusion);
  info.has_decoder = files.names(Role::kDecoder);
  info.has_statistics = files.names(Role::kStatistics);
  info.has_alignment = card.alignment.has_value();
  info.semantic_channels = semantic_channels(files);
  info.residual_channels = residual_channels(files);

  std::vector<Claim> claims;
  const bool all_features =
      info.semantic_channels > 0 && (!info.has_residual || info.residual_channels > 0);
  if (all_features) {
    claims.push_back({info.has_residual ? "encoder and residual" : "encoder",
                      info.semantic_channels + info.residual_channels, features_said_by(files)});
  }
  if (const auto source = files.open_if_there(Role::kDiffusion)) {
    const models::DitConfig config = diffusion_config(card, *source);
    claims.push_back({"diffusion", config.channels, file_of(*source)});
    info.classes = config.classes;
  } else if (card.diffusion) {
    info.classes = card.diffusion->classes;
  }
  if (const auto source = files.open_if_there(Role::kStatistics)) {
    claims.push_back({"statistics", latent::read_statistics(*source).channels(), file_of(*source)});
    info.has_alignment = info.has_alignment || latent::read_alignment(*source).has_value();
  }
  if (const auto source = files.open_if_there(Role::kDecoder)) {
    claims.push_back(
        {"decoder", decoder_config(card, *source, 0).latent_channels, file_of(*source)});
  }
  info.latent_channels = agreed_channels(card, claims);
  check_class_names(card, info.classes);
  // Without the residual's width nobody knows which of the latent's channels are semantic.
  if (info.semantic_channels == 0 && info.residual_channels > 0 &&
      info.latent_channels > info.residual_channels) {
    info.semantic_channels = info.latent_channels - info.residual_channels;
  }
  return info;
}

}  // namespace svgen::engine
