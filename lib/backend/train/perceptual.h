// SPDX-License-Identifier: MIT
// How far apart two pictures look: LPIPS where its weights are at hand, else a term that needs no
// download.
#pragma once

#include <memory>

#include "models/dinov3.h"
#include "models/lpips.h"
#include "train/autoencoder_step.h"
#include "weights/state_source.h"

namespace svgen::train {

/// Where the published checkpoint of the autoencoder keeps LPIPS.
inline constexpr const char* kLpipsPrefix = "loss.perceptual_loss.";

/// LPIPS with the weights that `checkpoint` keeps below kLpipsPrefix, in `dtype` on `device`; null
/// when it has none.
std::shared_ptr<models::Lpips> load_lpips(const std::shared_ptr<weights::StateSource>& checkpoint,
                                          at::ScalarType dtype, at::Device device);

PerceptualDistance lpips_distance(std::shared_ptr<const models::Lpips> lpips);

/// 1/4 of the mean absolute difference of horizontal and vertical pixel differences, over three
/// scales (each half as large as the one before), plus 2/5 of 1 - cosine of the frozen encoder's
/// tokens, averaged over them. `encoder` must outlive the result.
PerceptualDistance feature_distance(const models::DinoV3& encoder);

}  // namespace svgen::train
