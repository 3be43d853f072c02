// SPDX-License-Identifier: MIT
// The running sums behind svgstats.
#pragma once

#include "latent/stats_file.h"
#include "svgen/engine.h"

namespace svgen::engine {

class SumsRecorder : public StatisticsRecorder {
 public:
  void add_features(const Tensor& semantic, const Tensor& residual) override;
  void add_latents(const Tensor& latents) override;
  void merge(const std::filesystem::path& file) override;
  int64_t images() const override { return sums_.images; }
  void save(const std::filesystem::path& file) const override;

 private:
  latent::RecordedSums sums_;
};

}  // namespace svgen::engine
