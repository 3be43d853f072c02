// SPDX-License-Identifier: MIT
// One model on one device: the roles, each loaded at its first use.
#include "engine/engine.h"

#include <utility>

#include "engine/model_info.h"

namespace svgen::engine {

ModelEngine::ModelEngine(Card card, Device device, DType dtype, bool follow_training)
    : files_(std::move(card)),
      runtime_(device, dtype),
      info_(infer_model_info(files_)),
      follow_training_(follow_training),
      normalizer_(files_, runtime_),
      aligner_(info_, normalizer_, runtime_) {}

Followed ModelEngine::followed(const std::string& kind, const std::string& prefix) const {
  if (!follow_training_) return {};
  return {TrainingFeed::of(files_.card(), kind), prefix};
}

Encoder& ModelEngine::encoder() {
  return encoder_.get([this] { return std::make_unique<ModelEncoder>(files_, runtime_); });
}

Sampler& ModelEngine::sampler() {
  return sampler_.get([this] {
    return std::make_unique<ModelSampler>(files_, normalizer_, runtime_, followed("diffusion", ""));
  });
}

Decoder& ModelEngine::decoder() {
  return decoder_.get([this] {
    return std::make_unique<ModelDecoder>(files_, info_, normalizer_, runtime_,
                                          followed("autoencoder", "decoder."));
  });
}

}  // namespace svgen::engine
