// SPDX-License-Identifier: MIT
// The base of the trainers on video: frames that wait to become a batch.
#pragma once

#include <deque>
#include <vector>

#include "common/handles.h"
#include "common/video_frames.h"
#include "svgtrain/train_sink.h"

namespace svgen::gst {

struct FrameBatch {
  const std::vector<ImageView>& images;
  const std::vector<int64_t>& labels;  // -1: none
  const std::vector<int64_t>& indices;
};

/// Impl is as for TrainSink, but for what stands here, and has
///   void check_format(const GstVideoInfo&)    throws for pictures it does not take
///   TrainReport train_on(TrainerType&, const FrameBatch&)
template <typename Impl, typename SettingsType, typename TrainerType>
class FrameSink : public TrainSink<Impl, SettingsType, TrainerType> {
 public:
  using TrainSink<Impl, SettingsType, TrainerType>::TrainSink;

  static void class_init(GstBaseSinkClass* klass) { Impl::install_sink(klass, kVideoCaps); }

  bool negotiated(GstCaps* caps) {
    info_ = video_info_of(caps);
    static_cast<Impl*>(this)->check_format(info_);
    return true;
  }

  int64_t images_in(GstBuffer*) const { return 1; }

  void collect(GstBuffer* buffer, const std::vector<ImageFacts>& facts, size_t) {
    frames_.emplace_back(gst_buffer_ref(buffer));
    labels_.push_back(facts.front().label);
    indices_.push_back(facts.front().index);
  }

  bool has_batch() const {
    return frames_.size() >= static_cast<size_t>(this->settings().batch_size);
  }

  TrainReport train_batch() {
    std::deque<MappedFrame> mapped;
    std::vector<ImageView> views;
    for (const BufferPtr& frame : frames_)
      views.push_back(mapped.emplace_back(frame.get(), info_, GST_MAP_READ).view());
    const TrainReport report =
        static_cast<Impl*>(this)->train_on(this->trainer(), {views, labels_, indices_});
    mapped.clear();
    forget();
    return report;
  }

  void forget() {
    frames_.clear();
    labels_.clear();
    indices_.clear();
  }

 private:
  GstVideoInfo info_;
  std::vector<BufferPtr> frames_;
  std::vector<int64_t> labels_, indices_;
};

}  // namespace svgen::gst
