// SPDX-License-Identifier: MIT
// Evaluation is the backend's.
#include "svgen/evaluation.h"

#include "svgen/backend.h"

namespace svgen {

std::unique_ptr<PerceptualDistance> PerceptualDistance::open(const std::filesystem::path& weights) {
  return backend().open_perceptual_distance(weights);
}

std::unique_ptr<PictureFeatures> PictureFeatures::open_inception(
    const std::filesystem::path& weights) {
  return backend().open_inception(weights);
}

std::unique_ptr<FeatureSet> FeatureSet::create(int64_t kept) {
  return backend().create_feature_set(kept);
}

std::unique_ptr<FeatureSet> FeatureSet::create_part() {
  return backend().create_feature_part();
}

std::unique_ptr<FeatureSet> FeatureSet::join(int64_t kept,
                                             std::span<const std::filesystem::path> parts) {
  return backend().join_feature_parts(kept, parts);
}

SetDistance set_distance(const FeatureSet& reference, const FeatureSet& test, int64_t neighbours) {
  return backend().set_distance(reference, test, neighbours);
}

ProbeResult probe(const FeatureSet& reference, const FeatureSet& test,
                  const ProbeOptions& options) {
  return backend().probe(reference, test, options);
}

}  // namespace svgen
