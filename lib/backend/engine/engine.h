// SPDX-License-Identifier: MIT
// One model on one device: the roles, each loaded at its first use.
#pragma once

#include "engine/aligner.h"
#include "engine/decoder.h"
#include "engine/encoder.h"
#include "engine/latent_normalizer.h"
#include "engine/model_files.h"
#include "engine/sampler.h"
#include "runtime/lazy.h"
#include "runtime/runtime.h"
#include "svgen/engine.h"

namespace svgen::engine {

class ModelEngine : public Engine {
 public:
  /// Reads the headers of the card's files. Throws what infer_model_info throws. One that follows
  /// training takes weights from trainings of the card.
  ModelEngine(Card card, Device device, DType dtype, bool follow_training = false);

  const Card& card() const override { return files_.card(); }
  const ModelInfo& info() const override { return info_; }
  Device device() const override { return runtime_.device(); }
  DType dtype() const override { return runtime_.dtype(); }
  EngineCounters counters() const override { return runtime_.counters(); }

  Encoder& encoder() override;
  Aligner& aligner() override { return aligner_; }
  Sampler& sampler() override;
  Decoder& decoder() override;

 private:
  Followed followed(const std::string& kind, const std::string& prefix) const;

  ModelFiles files_;
  runtime::Runtime runtime_;
  ModelInfo info_;
  bool follow_training_;
  LatentNormalizer normalizer_;
  ModelAligner aligner_;
  runtime::Lazy<ModelEncoder> encoder_;
  runtime::Lazy<ModelSampler> sampler_;
  runtime::Lazy<ModelDecoder> decoder_;
};

}  // namespace svgen::engine
