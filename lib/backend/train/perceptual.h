// SPDX-License-Identifier: MIT
// Measures how far apart two pictures look: LPIPS where its weights are at hand, else a term that
// needs no download.
#pragma once

#include <memory>

#include "models/lpips/lpips.h"
#include "models/network.h"
#include "train/autoencoder_step.h"

namespace svgen::train {

PerceptualDistance lpips_distance(std::shared_ptr<const models::Lpips> lpips);

/// 1/4 of the mean absolute difference of horizontal and vertical pixel differences, over three
/// scales (each half as large as the one before), plus, where there is a frozen encoder, 2/5 of 1 -
/// cosine of its features, averaged over cells. `encoder` must outlive the result.
PerceptualDistance feature_distance(const models::FeatureEncoder* encoder);

}  // namespace svgen::train
