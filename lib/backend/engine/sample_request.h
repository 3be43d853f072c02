// SPDX-License-Identifier: MIT
// Requests for samples, checked before anything is computed.
#pragma once

#include "models/network.h"
#include "svgen/engine.h"

namespace svgen::engine {

/// Throws ConfigurationError or ShapeError that names the first part of the request that
/// contradicts itself or the model.
void check(const models::Denoiser& model, const SampleRequest& request);

/// Returns whether the images are made of noise alone.
bool is_noise_alone(const SampleRequest& request);

}  // namespace svgen::engine
