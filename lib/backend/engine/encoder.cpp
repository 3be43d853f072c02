// SPDX-License-Identifier: MIT
// Pictures to semantic and residual features.
#include "engine/encoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <string>
#include <utility>

#include "diffusion/path.h"
#include "engine/pixels.h"
#include "engine/upload.h"
#include "interop/tensor.h"
#include "latent/posterior.h"
#include "svgen/error.h"

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
      semantic_(files, ModelPart::kEncoder, systems::encoder_kind(files.card()), runtime),
      residual_(files, ModelPart::kResidual, systems::residual_kind(), runtime),
      has_residual_(files.names(ModelPart::kResidual)) {
  files.require(ModelPart::kEncoder);
}

// The mean of a Gaussian of moments (n, T, 2C), or a sample: (n, T, C).
at::Tensor ModelEncoder::posterior(const at::Tensor& moments, const EncodeOptions& options,
                                   int64_t first, int64_t count) {
  const latent::Posterior gaussian = latent::posterior_of(moments);
  if (!options.samples) return gaussian.mean;
  const std::span indices = std::span(options.indices).subspan(first, count);
  return gaussian.sample(runtime_.to_device(
      diffusion::initial_noise(options.seed, indices, moments.size(1), gaussian.mean.size(2))));
}

template <typename View>
Features ModelEncoder::encode_views(std::span<const View> images, const EncodeOptions& options,
                                    const ProgressFunction& progress) {
  // A model without a residual branch has semantic features alone.
  const bool is_semantic_alone = options.kind == FeatureKind::kBoth && !has_residual_;
  const FeatureKind kind = is_semantic_alone ? FeatureKind::kSemantic : options.kind;
  const int64_t cells = token_grid(images, latent_.cell).cells();
  const int64_t count = static_cast<int64_t>(images.size());
  if (options.samples && options.indices.size() != images.size())
    throw ShapeError("samples of a posterior need the index of each picture",
                     {.expected = std::to_string(images.size()) + " indices",
                      .found = std::to_string(options.indices.size()),
                      .where = "indices"});
  struct Part {
    EncoderBranch& branch;
    std::shared_ptr<const FeatureEncoder> network;
    models::PixelScale scale;
    at::Tensor features;  // (N, T, C)
  };
  std::vector<Part> parts;
  const auto add = [&](EncoderBranch& branch) {
    const std::shared_ptr<const FeatureEncoder> network = branch.network();
    parts.push_back({branch, network, network->pixel_scale(), {}});
  };
  if (kind != FeatureKind::kResidual) add(semantic_);
  if (kind != FeatureKind::kSemantic) add(residual_);

  runtime_.run([&] {
    const at::TensorOptions kept = at::device(runtime_.torch_device()).dtype(at::kFloat);
    for (Part& part : parts)
      part.features = at::empty({count, cells, part.network->channels()}, kept);
  });
  const auto encode_chunk = [&](int64_t first, int64_t size) {
    at::Tensor pixels;  // (n, 3, H, W), scaled for the part before
    const models::PixelScale* scaled = nullptr;
    for (Part& part : parts) {
      if (scaled == nullptr || !(*scaled == part.scale))
        pixels = uploaded_pixels(images.subspan(first, size), part.scale, runtime_);
      scaled = &part.scale;
      at::Tensor features = part.branch.features(part.network, pixels);
      if (part.network->is_gaussian())
        features = posterior(features, options, first, size);  // (n, T, C)
      part.features.narrow(0, first, size).copy_(features);
    }
  };
  if (!runtime_.for_each_chunk(runtime::kEncoding, count, progress, encode_chunk)) return {};

  Features features;
  if (kind != FeatureKind::kResidual) features.semantic = from_torch(parts.front().features);
  if (kind != FeatureKind::kSemantic) features.residual = from_torch(parts.back().features);
  return features;
}

Features ModelEncoder::encode(std::span<const ImageView> images, const EncodeOptions& options,
                              const ProgressFunction& progress) {
  return encode_views(images, options, progress);
}

Features ModelEncoder::encode(std::span<const YcbcrView> images, const EncodeOptions& options,
                              const ProgressFunction& progress) {
  return encode_views(images, options, progress);
}

}  // namespace svgen::engine
