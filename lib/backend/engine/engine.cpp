// SPDX-License-Identifier: MIT
// One model on one device: what it can do, each loaded at its first use.
#include "engine/engine.h"

#include <utility>

#include "engine/model_info.h"
#include "interop/tensor.h"
#include "svgen/error.h"
#include "weights/memory_source.h"

namespace svgen::engine {

ModelEngine::ModelEngine(Card card, Device device, DType dtype, bool may_be_empty)
    : files_(std::move(card)),
      runtime_(device, dtype),
      info_(infer_model_info(files_)),
      latent_(latent_spec(files_.card(), info_)),
      may_be_empty_(may_be_empty),
      normalizer_(files_, runtime_),
      aligner_(info_, normalizer_, runtime_) {}

ModelEncoder& ModelEngine::model_encoder() {
  return encoder_.get([this] { return std::make_unique<ModelEncoder>(files_, latent_, runtime_); });
}

ModelSampler& ModelEngine::model_sampler() {
  return sampler_.get([this] {
    return std::make_unique<ModelSampler>(files_, latent_, normalizer_, runtime_, may_be_empty_);
  });
}

ModelDecoder& ModelEngine::model_decoder() {
  return decoder_.get([this] {
    return std::make_unique<ModelDecoder>(files_, latent_, normalizer_, runtime_, may_be_empty_);
  });
}

bool ModelEngine::has_weights(ModelPart part) {
  switch (part) {
    case ModelPart::kDecoder:
      return !model_decoder().slot().is_empty();
    case ModelPart::kDiffusion:
      return !model_sampler().slot().is_empty();
    case ModelPart::kEncoder:
    case ModelPart::kResidual:
    case ModelPart::kStatistics:
      break;
  }
  return files_.open_if_there(part) != nullptr;
}

void ModelEngine::replace_weights(ModelPart part, std::span<const NamedTensor> tensors) {
  std::vector<std::pair<std::string, at::Tensor>> named;
  for (const NamedTensor& tensor : tensors)
    named.emplace_back(tensor.name, to_torch(tensor.tensor));
  const std::shared_ptr<weights::StateSource> source =
      weights::memory_source(std::string("the new weights of ") + part_key(part), std::move(named));
  switch (part) {
    case ModelPart::kEncoder:
    case ModelPart::kResidual:
      return model_encoder().branch(part).replace(*source);
    case ModelPart::kDecoder:
      return model_decoder().slot().replace(*source);
    case ModelPart::kDiffusion:
      return model_sampler().slot().replace(*source);
    case ModelPart::kStatistics:
      break;
  }
  throw ConfigurationError("the statistics of an engine cannot be replaced: open another one",
                           {.expected = "encoder, residual, decoder or diffusion",
                            .found = part_key(part),
                            .where = "replace_weights"});
}

}  // namespace svgen::engine
