// SPDX-License-Identifier: MIT
// LPIPS from a weights file, as a distance of 8-bit pictures.
#pragma once

#include <memory>

#include "models/lpips/lpips.h"
#include "svgen/evaluation.h"
#include "weights/state_source.h"

namespace svgen::eval {

/// The prefix under which the published checkpoint of the autoencoder keeps LPIPS.
inline constexpr const char* kLpipsPrefix = "loss.perceptual_loss.";

/// LPIPS with the weights that `checkpoint` keeps below kLpipsPrefix, in `dtype` on `device`; null
/// when it has none.
std::shared_ptr<models::Lpips> load_lpips(const std::shared_ptr<weights::StateSource>& checkpoint,
                                          at::ScalarType dtype, at::Device device);

class LpipsDistance : public PerceptualDistance {
 public:
  explicit LpipsDistance(const std::filesystem::path& weights);
  double distance(const ImageView& a, const ImageView& b) override;

 private:
  std::shared_ptr<const models::Lpips> lpips_;
};

}  // namespace svgen::eval
