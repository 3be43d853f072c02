// SPDX-License-Identifier: MIT
// What a card and its files' headers say about a model, checked against each other.
#pragma once

#include "engine/model_files.h"
#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/dit/dit.h"
#include "models/residual_vit/residual_vit.h"
#include "svgen/engine.h"

namespace svgen::engine {

// The sizes of each role. ConfigurationError where the card contradicts the file or itself.
models::DinoV3Config encoder_config(const Card& card, const weights::StateSource& source);
models::ResidualVitConfig residual_config(const Card& card, const weights::StateSource& source);
models::DitConfig diffusion_config(const Card& card, const weights::StateSource& source);
models::DecoderConfig decoder_config(const Card& card, const weights::StateSource& source,
                                     int64_t latent_channels);

/// Reads headers only. A file that is missing is no error here: what it would have told is taken
/// from the card where that says it. ConfigurationError when roles disagree about the latent.
ModelInfo infer_model_info(const ModelFiles& files);

}  // namespace svgen::engine
