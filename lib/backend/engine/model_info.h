// SPDX-License-Identifier: MIT
// Reads what a card and its files' headers say about a model, and checks one against the other.
#pragma once

#include "engine/model_files.h"
#include "svgen/engine.h"

namespace svgen::engine {

/// Reads headers only. A file that is missing is no error here: what it would have told is taken
/// from the card where that says it. ConfigurationError when parts disagree about the latent.
ModelInfo infer_model_info(const ModelFiles& files);

LatentSpec latent_spec(const Card& card, const ModelInfo& info);

}  // namespace svgen::engine
