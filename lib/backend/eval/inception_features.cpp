// SPDX-License-Identifier: MIT
// Inception's features of pictures.
#include "eval/inception_features.h"

#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>

#include "engine/pixels.h"
#include "interop/tensor.h"
#include "runtime/worker.h"
#include "weights/load.h"

namespace svgen::eval {

InceptionFeatures::InceptionFeatures(const std::filesystem::path& weights) {
  const auto source = weights::open_weights(weights);
  runtime::Worker::instance().run([&] {
    auto network = std::make_shared<models::Inception>();
    weights::load_module(*network, *source);
    network_ = std::move(network);
  });
}

Tensor InceptionFeatures::features(const ImageView& picture) {
  Tensor found;
  runtime::Worker::instance().run([&] {
    const at::NoGradGuard no_grad;
    const at::Tensor pixels = (engine::signed_pixels(std::span(&picture, 1)) + 1) / 2;  // [0, 1]
    found = from_torch(network_->features(pixels).unsqueeze(1));
  });
  return found;
}

}  // namespace svgen::eval
