// SPDX-License-Identifier: MIT
// Base of the elements that compare two sets of images by their feature vectors: both are collected
// and the result comes at the end of the streams.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "data/data_order.h"
#include "data/parts.h"
#include "svg/analyzer.h"
#include "svg/collected_set.h"
#include "svgen/error.h"
#include "svgen/evaluation.h"

namespace svgen::gst {

struct SetSettings {
  std::string reference, merge, location, inception;
  int64_t kept_vectors = 50000;
  bool part = false;
};

/// The caps of features: tensors, or pictures whose pixels are the vector or are given to
/// Inception.
inline const std::string& set_caps() {
  static const std::string caps = std::string(kTensorSinkCaps) + "; " + kVideoCaps;
  return caps;
}

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
            field<Impl>(
                &S::location,
                {.name = "location",
                 .blurb = "safetensors file for the test's features, written at the end; a process "
                          "of a distributed launch writes its part, for `svgen merge`"}),
            field<Impl>(&S::inception,
                        {.name = "inception",
                         .blurb = "Weights file of the published Inception network (FID's): the "
                                  "streams are pictures, and their vectors its features"}),
            field<Impl>(&S::kept_vectors,
                        {.name = "kept-vectors",
                         .blurb = "Vectors of a set kept in memory, the first ones; mean and "
                                  "covariance are of all",
                         .low = 0}),
            field<Impl>(&S::part,
                        {.name = "part",
                         .blurb = "Write location as one of several parts, for `svgen merge`; "
                                  "always in a distributed launch"})};
  }

  static void class_init(GstAggregatorClass* klass) { Impl::install(klass, set_caps().c_str()); }

  void begin() {
    const SettingsType s = this->settings();
    const std::shared_ptr<PictureFeatures> network =
        s.inception.empty() ? nullptr : PictureFeatures::open_inception(s.inception);
    shard_ = shard_from_environment();
    reference_.begin(FeatureSet::create(s.kept_vectors), network);
    is_part_ = s.part || shard_.world > 1;
    if (is_part_) {
      check_part(s);
      return test_.begin(FeatureSet::create_part(), network, Impl::kFactory);
    }
    test_.begin(FeatureSet::create(s.kept_vectors), network);
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
  // What a process of several collects is compared when all of it is together.
  void check_part(const SettingsType& s) const {
    if (!s.location.empty() && s.reference.empty() && s.merge.empty() && !this->has_reference())
      return;
    throw ConfigurationError(
        std::string(Impl::kFactory) +
            " collects a part, as always in a distributed launch: set location, leave "
            "reference and merge out, and compare with `svgen merge FILE --reference FILE` "
            "afterwards",
        {.expected = "location alone",
         .found = s.location.empty() ? "no location" : "something to compare or merge with",
         .where = "part, or a distributed launch (WORLD_SIZE above 1)"});
  }

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
    if (collected.set().images() != 0) return;
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
    if (!s.location.empty()) test_.set().save(part_of(s.location, shard_));
    Report report;
    report.add("test-images", test_.set().images());
    if (is_part_) return this->conclude(report);
    if (this->has_reference() || !s.reference.empty()) {
      if (const int64_t known = reference_.set().images(); known > 0)
        report.add("reference-images", known);
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
  Shard shard_;
  bool is_part_ = false;

 protected:
  /// Numbers in a vector of the streams; 0 where all came from files.
  int64_t length() const { return std::max(test_.length(), reference_.length()); }

  void warn_too_few(const std::string& found) {
    warn(this->element(), GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
         "Too few images for numbers that mean much: " + found, found);
  }
};

}  // namespace svgen::gst
