// SPDX-License-Identifier: MIT
// The settings of svgencode and their property table.
#pragma once

#include <cstdint>
#include <vector>

#include "common/model_client.h"
#include "svg/enums.h"
#include "svg/tensor_meta.h"

namespace svgen::gst {

struct EncodeSettings : ModelSettings {
  int64_t batch_size = 1;
  FeatureKind features = FeatureKind::kBoth;
  int64_t batch_timeout = -1;  // nanoseconds
  PartialBatch partial_batch = PartialBatch::kRenegotiate;
  Posterior posterior = Posterior::kMean;
  uint64_t seed = 0;
  bool tensor_meta = false;
};

// Lists the properties that say how pictures become batches.
template <typename Impl>
std::vector<Property<Impl>> batch_properties() {
  using S = EncodeSettings;
  return {
      field<Impl>(
          &S::batch_size,
          {.name = "batch-size", .blurb = "Pictures in one buffer", .low = 1, .high = 1024}),
      field<Impl>(&S::batch_timeout,
                  {.name = "batch-timeout",
                   .blurb = "Send a batch that is not full this long after its first picture "
                            "came (nanoseconds; -1 waits for ever); for live input",
                   .low = -1}),
      field<Impl>(&S::partial_batch, {.name = "partial-batch",
                                      .blurb = "What happens to a last batch that is not full",
                                      .when = Mutable::kPlaying}),
  };
}

template <typename Impl>
std::vector<Property<Impl>> encode_properties() {
  using S = EncodeSettings;
  return joined(
      joined(model_properties<Impl>(), batch_properties<Impl>()),
      {field<Impl>(&S::features, {.name = "features", .blurb = "Which features to compute"}),
       field<Impl>(&S::posterior, {.name = "posterior",
                                   .blurb = "What leaves an encoder whose latents are Gaussian (KL "
                                            "autoencoders); others have no posterior",
                                   .when = Mutable::kPlaying}),
       field<Impl>(&S::seed, {.name = "seed",
                              .blurb = "Seed of posterior=sample; a sample is a function of it "
                                       "and of the picture's index",
                              .when = Mutable::kPlaying}),
       field<Impl>(&S::tensor_meta, {.name = "tensor-meta", .blurb = tensor_meta_blurb()})});
}

}  // namespace svgen::gst
