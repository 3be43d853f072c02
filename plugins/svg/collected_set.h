// SPDX-License-Identifier: MIT
// Collects the feature vectors of a stream.
#pragma once

#include <memory>
#include <vector>

#include "common/batch_meta.h"
#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "svgen/evaluation.h"

namespace svgen::gst {

/// Collects one side of the comparison.
class CollectedSet {
 public:
  /// Starts with an empty set; with `network` it takes pictures, whose vectors the network makes.
  /// `factory`, where the set is one process' part of several, names the element in errors.
  void begin(std::unique_ptr<FeatureSet> set, std::shared_ptr<PictureFeatures> network,
             const char* factory = nullptr);
  void caps_changed(const GstCaps* caps);
  void collect(GstBuffer* buffer);
  FeatureSet& set() const { return *set_; }
  /// Numbers in a vector; 0 as long as none came.
  int64_t length() const { return length_; }

 private:
  void collect_tensors(GstBuffer* buffer);
  void collect_pixels(GstBuffer* buffer);
  void add(const Tensor& features, const std::vector<ImageFacts>& facts);

  std::unique_ptr<FeatureSet> set_;
  std::shared_ptr<PictureFeatures> network_;
  const char* sharing_ = nullptr;
  int64_t length_ = 0;
  bool is_video_ = false;
  GstVideoInfo info_{};
  TensorStream stream_;
};

}  // namespace svgen::gst
