// SPDX-License-Identifier: MIT
// LPIPS of pictures.
#include "eval/lpips_distance.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <string>

#include "engine/pixels.h"
#include "runtime/worker.h"
#include "svgen/error.h"
#include "weights/load.h"
#include "weights/prefixed_source.h"

namespace svgen::eval {
namespace {

constexpr int64_t kShortestSide = 16;  // four poolings leave one position

std::string size_text(const ImageView& picture) {
  return std::to_string(picture.width) + "x" + std::to_string(picture.height);
}

}  // namespace

std::shared_ptr<models::Lpips> load_lpips(const std::shared_ptr<weights::StateSource>& checkpoint,
                                          at::ScalarType dtype, at::Device device) {
  if (checkpoint == nullptr) return nullptr;
  const auto source = weights::prefixed_source(checkpoint, kLpipsPrefix);
  if (source->tensors().empty()) return nullptr;
  auto lpips = std::make_shared<models::Lpips>(models::Lpips::infer_widths(*source));
  weights::load_module(*lpips, *source, dtype);
  nn::visit_state(*lpips, [&](const nn::StateSlot& slot) { slot.tensor = slot.tensor.to(device); });
  return lpips;
}

LpipsDistance::LpipsDistance(const std::filesystem::path& weights) {
  const auto source = weights::open_weights(weights);
  runtime::Worker::instance().run([&] { lpips_ = load_lpips(source, at::kFloat, at::kCPU); });
  if (lpips_ != nullptr) return;
  throw WeightsError("the file holds no LPIPS: name the published autoencoder's checkpoint",
                     {.expected = std::string("tensors below ") + kLpipsPrefix,
                      .found = "none",
                      .where = weights.string()});
}

double LpipsDistance::distance(const ImageView& a, const ImageView& b) {
  if (a.width != b.width || a.height != b.height || std::min(a.width, a.height) < kShortestSide)
    throw ShapeError(
        "LPIPS compares pictures of one size that are large enough to pool four times",
        {.expected = "two of " + std::to_string(kShortestSide) + " pixels a side or more",
         .found = size_text(a) + " and " + size_text(b),
         .where = "pictures"});
  double found = 0;
  runtime::Worker::instance().run([&] {
    const at::NoGradGuard no_grad;
    const auto features = [&](const ImageView& picture) {
      return lpips_->features(engine::signed_pixels(std::span(&picture, 1)));
    };
    found = lpips_->distance(features(a), features(b)).item<double>();
  });
  return found;
}

}  // namespace svgen::eval
