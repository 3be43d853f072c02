// SPDX-License-Identifier: MIT
// Base of the elements that compare two sets of images by their feature vectors: both are collected
// and the result comes at the end of the streams.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/batch_meta.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "svg/analyzer.h"
#include "svgen/error.h"
#include "svgen/evaluation.h"

namespace svgen::gst {

struct SetSettings {
  std::string reference, merge, location, inception;
  int64_t kept_vectors = 50000;
};

/// The caps of features: tensors, or pictures whose pixels are the vector or are given to
/// Inception.
inline const std::string& set_caps() {
  static const std::string caps = std::string(kTensorSinkCaps) + "; " + kVideoCaps;
  return caps;
}

/// Collects one side of the comparison.
class CollectedSet {
 public:
  /// Starts an empty set; with `network` it takes pictures, whose vectors the network makes.
  void begin(int64_t kept, std::shared_ptr<PictureFeatures> network);
  void caps_changed(const GstCaps* caps);
  void collect(GstBuffer* buffer);
  FeatureSet& set() const { return *set_; }
  /// Numbers in a vector; 0 as long as none came.
  int64_t length() const { return length_; }

 private:
  void collect_tensors(GstBuffer* buffer);
  void collect_pixels(GstBuffer* buffer);
  void add(const Tensor& features, const std::vector<int64_t>& labels);

  std::unique_ptr<FeatureSet> set_;
  std::shared_ptr<PictureFeatures> network_;
  int64_t length_ = 0;
  bool is_video_ = false;
  GstVideoInfo info_{};
  TensorStream stream_;
};

/// Impl is as for Analyzer, but for what stands here, and has
///   void compare(const FeatureSet& reference, const FeatureSet& test, Report&)
template <typename Impl, typename SettingsType>
class SetAnalyzer : public Analyzer<Impl, SettingsType> {
 public:
  static constexpr GstPadPresence kReferencePresence = GST_PAD_REQUEST;

  using Analyzer<Impl, SettingsType>::Analyzer;

  static std::vector<Property<Impl>> set_properties() {
    using S = SetSettings;
    return {field<Impl>(
                &S::reference,
                {.name = "reference",
                 .blurb = "Comma-separated files of reference features (svgfrechet's location), "
                          "beside or instead of the pad \"reference\""}),
            field<Impl>(&S::merge, {.name = "merge",
                                    .blurb = "Comma-separated files of features that are added to "
                                             "those of the pad \"test\""}),
            field<Impl>(&S::location,
                        {.name = "location",
                         .blurb = "safetensors file for the test's features, written at the end"}),
            field<Impl>(&S::inception,
                        {.name = "inception",
                         .blurb = "Weights file of the published Inception network (FID's): the "
                                  "streams are pictures, and their vectors its features"}),
            field<Impl>(&S::kept_vectors,
                        {.name = "kept-vectors",
                         .blurb = "Vectors of a set kept in memory, the first ones; mean and "
                                  "covariance are of all",
                         .low = 0})};
  }

  static void class_init(GstAggregatorClass* klass) { Impl::install(klass, set_caps().c_str()); }

  void begin() {
    const SettingsType s = this->settings();
    const std::shared_ptr<PictureFeatures> network =
        s.inception.empty() ? nullptr : PictureFeatures::open_inception(s.inception);
    for (CollectedSet* set : {&reference_, &test_}) set->begin(s.kept_vectors, network);
    merge_files(reference_, s.reference);
    merge_files(test_, s.merge);
  }

  void caps_changed(GstAggregatorPad* pad, GstCaps* caps) {
    (pad == this->test_pad() ? test_ : reference_).caps_changed(caps);
  }

  GstFlowReturn aggregate(gboolean) {
    const PadPtr reference(gst_element_get_static_pad(this->element(), "reference"));
    bool ended = take_one(this->test_pad(), test_);
    if (reference) ended = take_one(GST_AGGREGATOR_PAD(reference.get()), reference_) && ended;
    return ended ? finish() : GST_FLOW_OK;
  }

 private:
  static void merge_files(CollectedSet& collected, const std::string& list) {
    for (const std::string& file : comma_separated(list)) collected.set().merge(file);
  }

  // True when the pad has nothing more.
  static bool take_one(GstAggregatorPad* pad, CollectedSet& collected) {
    const BufferPtr buffer(gst_aggregator_pad_pop_buffer(pad));
    if (!buffer) return gst_aggregator_pad_is_eos(pad) != FALSE;
    collected.collect(buffer.get());
    return false;
  }

  // A set without an image, and what it was to come from.
  void refuse_empty(const CollectedSet& collected, const char* name, const std::string& files) {
    if (collected.set().images() > 0) return;
    throw ConfigurationError(
        std::string(Impl::kFactory) + " got no image for its set \"" + name +
            "\": are there pictures in that stream, and is it linked to the pad of that name?",
        {.expected = "two images at least",
         .found = files.empty() ? "none" : "none, and none in " + files,
         .where = std::string("pad ") + name});
  }

  GstFlowReturn finish() {
    const SettingsType s = this->settings();
    refuse_empty(test_, "test", s.merge);
    if (this->has_reference()) refuse_empty(reference_, "reference", s.reference);
    if (!s.location.empty()) test_.set().save(s.location);
    Report report;
    report.add("test-images", test_.set().images());
    if (this->has_reference() || !s.reference.empty()) {
      report.add("reference-images", reference_.set().images());
      static_cast<Impl*>(this)->compare(reference_.set(), test_.set(), report);
    } else if (s.location.empty()) {
      throw ConfigurationError(
          std::string(Impl::kFactory) + " has nothing to compare with and nowhere to write",
          {.expected = "a stream at the pad \"reference\", the property reference, or location",
           .found = "neither",
           .where = Impl::kFactory});
    }
    return this->conclude(report);
  }

  CollectedSet reference_, test_;

 protected:
  /// Numbers in a vector of the streams; 0 where all came from files.
  int64_t length() const { return std::max(test_.length(), reference_.length()); }

  void warn_too_few(const std::string& found) {
    warn(this->element(), GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
         "Too few images for numbers that mean much: " + found, found);
  }
};

}  // namespace svgen::gst
