// SPDX-License-Identifier: MIT
// One model on one device: what it can do, each loaded at its first use.
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
  /// Reads the headers of the card's files. Throws what infer_model_info throws. Where
  /// `may_be_empty`, sampler and decoder of a card without weights wait for replace_weights().
  ModelEngine(Card card, Device device, DType dtype, bool may_be_empty = false);

  const Card& card() const override { return files_.card(); }
  const ModelInfo& info() const override { return info_; }
  const LatentSpec& latent() const override { return latent_; }
  Device device() const override { return runtime_.device(); }
  DType dtype() const override { return runtime_.dtype(); }
  EngineCounters counters() const override { return runtime_.counters(); }

  Encoder& encoder() override { return model_encoder(); }
  Aligner& aligner() override { return aligner_; }
  Sampler& sampler() override { return model_sampler(); }
  Decoder& decoder() override { return model_decoder(); }

  bool has_weights(ModelPart part) override;
  void replace_weights(ModelPart part, std::span<const NamedTensor> tensors) override;

 private:
  ModelEncoder& model_encoder();
  ModelSampler& model_sampler();
  ModelDecoder& model_decoder();

  ModelFiles files_;
  runtime::Runtime runtime_;
  ModelInfo info_;
  LatentSpec latent_;
  bool may_be_empty_;
  LatentNormalizer normalizer_;
  ModelAligner aligner_;
  runtime::Lazy<ModelEncoder> encoder_;
  runtime::Lazy<ModelSampler> sampler_;
  runtime::Lazy<ModelDecoder> decoder_;
};

}  // namespace svgen::engine
