// SPDX-License-Identifier: MIT
// What both trainers share: a sink that collects batches, trains, saves, and ends the stream.
#pragma once

#include <gst/base/gstbasesink.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/batch_meta.h"
#include "common/element.h"
#include "common/model_client.h"
#include "svgen/data_order.h"
#include "svgen/error.h"
#include "svgtrain/train_progress.h"
#include "svgtrain/train_settings.h"

namespace svgen::gst {

/// Impl has
///   static constexpr auto kOptions            where its settings keep the library's options
///   void negotiated(GstCaps*)                 new caps
///   void collect(GstBuffer*, const std::vector<ImageFacts>&, size_t first)  takes the images of a
///                                             buffer from `first` on
///   int64_t images_in(GstBuffer*)             of one buffer
///   bool has_batch() / TrainReport train_batch()  of the settings' batch-size
///   void forget()                             drops what was collected
template <typename Impl, typename SettingsType, typename TrainerType>
class TrainSink : public ElementImpl<SettingsType> {
 public:
  using Base = GstBaseSink;
  using BaseClass = GstBaseSinkClass;

  explicit TrainSink(gpointer instance) : ElementImpl<SettingsType>(instance) {
    gst_base_sink_set_sync(sink(), FALSE);
  }

  static GType parent_type() { return GST_TYPE_BASE_SINK; }

  static void install_sink(GstBaseSinkClass* klass, const char* caps_text) {
    const CapsPtr caps(gst_caps_from_string(caps_text));
    gst_element_class_add_pad_template(
        GST_ELEMENT_CLASS(klass),
        gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps.get()));
    klass->set_caps = thunk<&Impl::set_caps>;
    klass->render = thunk<&Impl::render>;
    klass->event = thunk<&Impl::event>;
  }

  void open() { client_.open(this->element(), GST_BASE_SINK_PAD(sink()), this->settings()); }
  void close() {
    end_training();
    client_.close();
  }
  void prepare() { end_training(); }
  StructurePtr model_statistics() const { return client_.statistics(); }

  gboolean set_caps(GstCaps* caps) {
    open();  // the chain may have been linked since
    impl().negotiated(caps);
    if (!trainer_) begin_training();
    return TRUE;
  }

  GstFlowReturn render(GstBuffer* buffer) {
    if (!trainer_) return GST_FLOW_ERROR;
    std::vector<ImageFacts> facts = numbered(buffer);
    if (ended_ || trainer_->report().finished) return end_stream();
    const size_t first = past_images(facts);
    if (first == facts.size()) {
      seek_once();
      return GST_FLOW_OK;
    }
    impl().collect(buffer, facts, first);
    for (size_t i = first; i < facts.size(); ++i) collected_.push_back(facts[i].index);
    while (impl().has_batch()) {
      progress_->data_arrived();
      const TrainReport report = impl().train_batch();
      batch_was_used();
      progress_->batch_done(report, *trainer_);
      if (report.finished) return end_stream();
    }
    return GST_FLOW_OK;
  }

  gboolean event(GstEvent* event) {
    const EventPtr owned(event);
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_EOS:
        end_training();
        break;
      case GST_EVENT_FLUSH_STOP:
        forget();
        // Behind our own seek stands the image asked for; others only interrupt the count.
        if (sought_image_ >= 0) counted_ = std::exchange(sought_image_, -1);
        break;
      default:
        break;
    }
    return GST_BASE_SINK_CLASS(Glue<Impl>::parent())->event(sink(), gst_event_ref(owned.get()));
  }

 protected:
  TrainerType& trainer() const { return *trainer_; }
  Engine& engine() const { return client_.engine(); }

 private:
  Impl& impl() { return *static_cast<Impl*>(this); }
  GstBaseSink* sink() const { return GST_BASE_SINK_CAST(this->element()); }

  void begin_training() {
    const SettingsType s = this->settings();
    auto options = s.*Impl::kOptions;
    fill_options(s, client_.engine().card().path.string(), options);
    trainer_ = TrainerType::open(options);
    const TrainReport now = trainer_->report();
    progress_.emplace(
        this->element(),
        TrainProgress::Places{s.log, s.checkpoint, s.sample_interval, options.max_steps}, now.step,
        /*quiet=*/shard_from_environment().rank != 0);
    wanted_ = now.next_index;
    counted_ = 0;
    sought_image_ = -1;
    ended_ = sought_ = false;
    forget();
  }

  void forget() {
    impl().forget();
    collected_.clear();
  }

  // A seek may come late and bring images again that were used meanwhile.
  void batch_was_used() {
    const auto batch = collected_.begin() + this->settings().batch_size;
    wanted_ = *(batch - 1) + 1;
    collected_.erase(collected_.begin(), batch);
  }

  // Once for each training, from whatever ends it. An error while training is final: then the
  // trainer is dropped without a word to the other processes, who see the connection break.
  void end_training() {
    if (!trainer_) return;
    const std::shared_ptr<void> drop(nullptr, [this](void*) {
      trainer_.reset();
      progress_.reset();
      forget();
    });
    if (this->has_failed()) return;
    trainer_->finish();
    const std::filesystem::path folder = trainer_->save();
    const TrainReport last = trainer_->report();
    progress_->saved(folder, last.step);
    progress_->ended(last);
  }

  // Upstream ends by the flow, and where something in between swallows it, by the event.
  GstFlowReturn end_stream() {
    if (!std::exchange(ended_, true)) {
      gst_element_call_async(
          this->element(),
          [](GstElement* element, gpointer) {
            gst_pad_send_event(GST_BASE_SINK_PAD(element), gst_event_new_eos());
          },
          nullptr, nullptr);
    }
    return GST_FLOW_EOS;
  }

  // What is known of the buffer's images; indices are counted where the stream has none.
  std::vector<ImageFacts> numbered(GstBuffer* buffer) {
    const int64_t count = impl().images_in(buffer);
    std::vector<ImageFacts> facts = image_facts(buffer, static_cast<size_t>(count));
    for (size_t i = 0; i < facts.size(); ++i) {
      if (facts[i].index >= 0) continue;
      facts[i].index = counted_ + static_cast<int64_t>(i);
    }
    counted_ += count;
    return facts;
  }

  // How many of a buffer's first images have been used, by this run or an earlier one.
  size_t past_images(const std::vector<ImageFacts>& facts) const {
    size_t count = 0;
    while (count < facts.size() && facts[count].index < wanted_) ++count;
    return count;
  }

  // A resumed training goes on at its image. The seek flushes this very thread, so another one
  // sends it; a source that cannot seek is read through.
  void seek_once() {
    if (std::exchange(sought_, true)) return;
    sought_image_ = wanted_;
    auto* index = new int64_t(wanted_);
    gst_element_call_async(
        this->element(),
        [](GstElement* element, gpointer data) {
          gst_pad_push_event(
              GST_BASE_SINK_PAD(element),
              gst_event_new_seek(1, GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                 *static_cast<int64_t*>(data), GST_SEEK_TYPE_NONE, 0));
        },
        index, [](gpointer data) { delete static_cast<int64_t*>(data); });
  }

  ModelClient client_;
  std::unique_ptr<TrainerType> trainer_;
  std::optional<TrainProgress> progress_;
  int64_t wanted_ = 0;             // the first image that has not been used
  int64_t counted_ = 0;            // images that came
  int64_t sought_image_ = -1;      // where our seek goes, until it has arrived
  std::deque<int64_t> collected_;  // indices of the images that wait to become a batch
  bool ended_ = false, sought_ = false;
};

}  // namespace svgen::gst
