// SPDX-License-Identifier: MIT
// Reads what a card and its files' headers say about a model.
#include "engine/model_info.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "latent/stats_file.h"
#include "svgen/error.h"

namespace svgen::engine {
namespace {

using enum ModelPart;

std::string file_of(const weights::StateSource& source) {
  return source.path().string();
}

// A network without weights, and the file that its sizes are from; null where the card names no
// such part or the file is not there.
template <typename Protocol>
struct Described {
  std::unique_ptr<Protocol> network;
  std::string file;
};

template <typename Protocol>
Described<Protocol> describe(const ModelFiles& files, ModelPart part,
                             const systems::NetworkKind<Protocol>& kind) {
  const auto source = files.open_if_there(part);
  if (source == nullptr) return {};
  return {kind.make(files.card(), *source, /*latent_channels=*/0), file_of(*source)};
}

int64_t feature_channels(const ModelFiles& files, ModelPart part,
                         const systems::NetworkKind<models::FeatureEncoder>& kind) {
  if (!files.names(part)) return 0;
  const auto network = describe(files, part, kind).network;
  return network ? network->channels() : kind.channels(files.card());
}

// The latent channels that a part of the model needs, and the file or card that says so.
struct PartChannels {
  const char* part;
  int64_t channels;  // 0 when it does not say
  std::string said_by;
};

// The encoder's and the residual's files, once when they are one; the card where one is not there.
std::string features_said_by(const ModelFiles& files) {
  std::string all;
  for (const ModelPart part : {kEncoder, kResidual}) {
    if (!files.names(part)) continue;
    const auto source = files.open_if_there(part);
    const std::string said_by = source ? file_of(*source) : files.card().path.string();
    if (all != said_by) all += (all.empty() ? "" : " and ") + said_by;
  }
  return all;
}

int64_t agreed_channels(const Card& card, const std::vector<PartChannels>& parts) {
  int64_t agreed = 0;
  std::string texts, files;
  bool disagree = false;
  for (const auto& [part, channels, said_by] : parts) {
    if (channels == 0) continue;
    texts += (texts.empty() ? "" : ", ") + std::string(part) + " " + std::to_string(channels);
    files += std::string(part) + " " + said_by + ", ";
    disagree = disagree || (agreed != 0 && channels != agreed);
    agreed = channels;
  }
  if (!disagree) return agreed;
  throw ConfigurationError(
      "the parts of model " + card.name + " do not fit together: name files of one model",
      {.expected = "one number of latent channels",
       .found = texts,
       .where = files + "card " + card.path.string()});
}

// Where the card gives the number too, its reader has compared them.
void check_class_names(const Card& card, int64_t classes) {
  const auto names = static_cast<int64_t>(card.classes.size());
  if (names == 0 || classes == 0 || names == classes) return;
  throw ConfigurationError(
      "the card of model " + card.name + " does not name each class of its weights once, in order",
      {.expected = std::to_string(classes) + " names in \"classes\"",
       .found = std::to_string(names),
       .where = card.path.string()});
}

}  // namespace

ModelInfo infer_model_info(const ModelFiles& files) {
  const Card& card = files.card();
  ModelInfo info;
  info.has_encoder = files.names(kEncoder);
  info.has_residual = files.names(kResidual);
  info.has_sampler = files.names(kDiffusion);
  info.has_decoder = files.names(kDecoder);
  info.has_statistics = files.names(kStatistics) || card.scaling_factor > 0;
  info.has_alignment = card.alignment.has_value();
  const systems::System& system = files.system();
  info.semantic_channels = feature_channels(files, kEncoder, systems::encoder_kind(card));
  info.residual_channels = feature_channels(files, kResidual, systems::residual_kind());
  info.is_gaussian = card.encoder && systems::encoder_kind(card).is_gaussian;

  std::vector<PartChannels> parts = {
      {"latent", card.latent_channels, "card " + card.path.string()}};
  const bool all_features =
      info.semantic_channels > 0 && (!info.has_residual || info.residual_channels > 0);
  if (all_features) {
    parts.push_back({info.has_residual ? "encoder and residual" : "encoder",
                     info.semantic_channels + info.residual_channels, features_said_by(files)});
  }
  if (const auto [denoiser, file] = describe(files, kDiffusion, system.diffusion); denoiser) {
    parts.push_back({"diffusion", denoiser->channels(), file});
    info.classes = denoiser->classes();
  } else if (card.diffusion) {
    info.classes = card.diffusion->classes;
  }
  if (const auto source = files.open_if_there(kStatistics)) {
    parts.push_back({"statistics", latent::read_statistics(*source).channels(), file_of(*source)});
    info.has_alignment = info.has_alignment || latent::read_alignment(*source).has_value();
  }
  if (const auto [decoder, file] = describe(files, kDecoder, systems::decoder_kind(card)); decoder)
    parts.push_back({"decoder", decoder->channels(), file});
  info.latent_channels = agreed_channels(card, parts);
  check_class_names(card, info.classes);
  // Without the residual's width nobody knows which of the latent's channels are semantic.
  if (info.semantic_channels == 0 && info.residual_channels > 0 &&
      info.latent_channels > info.residual_channels)
    info.semantic_channels = info.latent_channels - info.residual_channels;
  return info;
}

LatentSpec latent_spec(const Card& card, const ModelInfo& info) {
  LatentSpec spec = card.latent();
  spec.channels = info.latent_channels;
  return spec;
}

}  // namespace svgen::engine
