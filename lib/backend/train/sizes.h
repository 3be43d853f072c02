// SPDX-License-Identifier: MIT
// The sizes of networks that are trained from nothing: the card says them, or a file it names.
#pragma once

#include <cstdint>
#include <span>

#include "engine/model_files.h"
#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/dit/dit.h"
#include "models/residual_vit/residual_vit.h"

namespace svgen::train {

// Each takes the sizes from the card alone when it gives all of them, else from the role's file.
// ConfigurationError naming the keys that are missing when neither says them.
models::DinoV3Config encoder_sizes(const engine::ModelFiles& files);
models::ResidualVitConfig residual_sizes(const engine::ModelFiles& files);
models::DecoderConfig decoder_sizes(const engine::ModelFiles& files, int64_t latent_channels);
models::DitConfig diffusion_sizes(const engine::ModelFiles& files, int64_t latent_channels);
/// How many classes labels name: the transformer's, else as many as the card has names for.
int64_t label_classes(const engine::ModelFiles& files);
/// ConfigurationError unless each is a class or -1.
void check_labels(std::span<const int64_t> labels, int64_t classes);

}  // namespace svgen::train
