// SPDX-License-Identifier: MIT
// Pictures to semantic and residual features.
#include "engine/encoder.h"

#include <ATen/ops/empty.h>

#include <utility>

#include "engine/pixels.h"
#include "engine/upload.h"
#include "interop/tensor.h"

namespace svgen::engine {

using models::FeatureEncoder;

EncoderBranch::EncoderBranch(const ModelFiles& files, ModelPart part,
                             const systems::NetworkKind<FeatureEncoder>& kind,
                             runtime::Runtime& runtime)
    : files_(files),
      part_(part),
      kind_(kind),
      runtime_(runtime),
      graphed_([](const FeatureEncoder& network, const std::vector<at::Tensor>& inputs) {
        return network.features(inputs[0], at::TensorList(inputs).slice(1));
      }) {}

NetworkSlot<FeatureEncoder>& EncoderBranch::slot() {
  return slot_.get([this] {
    return std::make_unique<NetworkSlot<FeatureEncoder>>(files_, part_, kind_, runtime_,
                                                         /*may_be_empty=*/false);
  });
}

std::vector<at::Tensor> EncoderBranch::tables(const std::shared_ptr<const FeatureEncoder>& network,
                                              int64_t height, int64_t width) {
  const std::lock_guard lock(mutex_);
  if (of_ != network || height != height_ || width != width_) {
    tables_ = network->tables(height, width);
    of_ = network;
    height_ = height;
    width_ = width;
  }
  return tables_;
}

at::Tensor EncoderBranch::features(const std::shared_ptr<const FeatureEncoder>& network,
                                   const at::Tensor& pixels) {
  std::vector<at::Tensor> inputs = {pixels};
  for (const at::Tensor& table : tables(network, pixels.size(2), pixels.size(3)))
    inputs.push_back(table);
  return (*graphed_.of(network))(inputs);  // (n, T, C)
}

ModelEncoder::ModelEncoder(const ModelFiles& files, const LatentSpec& latent,
                           runtime::Runtime& runtime)
    : latent_(latent),
      runtime_(runtime),
      semantic_(files, ModelPart::kEncoder, files.system().encoder, runtime),
      residual_(files, ModelPart::kResidual, files.system().residual, runtime) {
  files.require(ModelPart::kEncoder);
}

template <typename View>
Features ModelEncoder::encode_views(std::span<const View> images, FeatureKind kind,
                                    const ProgressFunction& progress) {
  const int64_t cells = token_grid(images, latent_.cell).cells();
  const int64_t count = static_cast<int64_t>(images.size());
  struct Part {
    EncoderBranch& branch;
    std::shared_ptr<const FeatureEncoder> network;
    at::Tensor features;  // (N, T, C)
  };
  std::vector<Part> parts;
  if (kind != FeatureKind::kResidual) parts.push_back({semantic_, semantic_.network(), {}});
  if (kind != FeatureKind::kSemantic) parts.push_back({residual_, residual_.network(), {}});

  runtime_.run([&] {
    const at::TensorOptions options = at::device(runtime_.torch_device()).dtype(at::kFloat);
    for (Part& part : parts)
      part.features = at::empty({count, cells, part.network->channels()}, options);
  });
  const auto encode_chunk = [&](int64_t first, int64_t size) {
    const at::Tensor pixels =
        uploaded_pixels(images.subspan(first, size), runtime_);  // (n, 3, H, W)
    for (Part& part : parts)
      part.features.narrow(0, first, size).copy_(part.branch.features(part.network, pixels));
  };
  if (!runtime_.for_each_chunk(runtime::kEncoding, count, progress, encode_chunk)) return {};

  Features features;
  if (kind != FeatureKind::kResidual) features.semantic = from_torch(parts.front().features);
  if (kind != FeatureKind::kSemantic) features.residual = from_torch(parts.back().features);
  return features;
}

Features ModelEncoder::encode(std::span<const ImageView> images, FeatureKind kind,
                              const ProgressFunction& progress) {
  return encode_views(images, kind, progress);
}

Features ModelEncoder::encode(std::span<const YcbcrView> images, FeatureKind kind,
                              const ProgressFunction& progress) {
  return encode_views(images, kind, progress);
}

}  // namespace svgen::engine
