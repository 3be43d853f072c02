// SPDX-License-Identifier: MIT
// One model on one device: the roles, each loaded at its first use.
#include "roles/engine.h"

#include <utility>

#include "roles/model_info.h"

namespace svgen::roles {

ModelEngine::ModelEngine(Card card, Device device, DType dtype)
    : files_(std::move(card)),
      runtime_(device, dtype),
      info_(infer_model_info(files_)),
      statistics_(files_, runtime_),
      aligner_(info_, statistics_, runtime_) {}

Encoder& ModelEngine::encoder() {
  return encoder_.get([this] { return std::make_unique<ModelEncoder>(files_, runtime_); });
}

Sampler& ModelEngine::sampler() {
  return sampler_.get(
      [this] { return std::make_unique<ModelSampler>(files_, statistics_, runtime_); });
}

Decoder& ModelEngine::decoder() {
  return decoder_.get(
      [this] { return std::make_unique<ModelDecoder>(files_, info_, statistics_, runtime_); });
}

}  // namespace svgen::roles
