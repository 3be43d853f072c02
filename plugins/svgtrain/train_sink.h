// SPDX-License-Identifier: MIT
// The base of all trainers: a sink that collects batches, trains, saves, and ends the stream.
#pragma once

#include <gst/base/gstbasesink.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/batch_meta.h"
#include "common/class_names.h"
#include "common/element.h"
#include "common/model_client.h"
#include "data/data_order.h"
#include "svgen/error.h"
#include "svgtrain/image_counter.h"
#include "svgtrain/train_checks.h"
#include "svgtrain/train_events.h"
#include "svgtrain/train_progress.h"
#include "svgtrain/train_settings.h"

namespace svgen::gst {

/// Impl has
///   static constexpr auto kOptions            where its settings keep the library's options
///   bool negotiated(GstCaps*)                 new caps; false when interrupted
///   void collect(GstBuffer*, const std::vector<ImageFacts>&, size_t first)  takes the images of a
///                                             buffer from `first` on
///   int64_t images_in(GstBuffer*)             of one buffer
///   bool has_batch() / TrainReport train_batch()  of the settings' batch-size
///   void forget()                             drops what was collected
/// and may have complete(Options&), what the streams say of a training, and began(int64_t wanted),
/// sought(), ended(): it wants this image first, seeks it, wants none any more.
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
    add_pad_template(klass, "sink", GST_PAD_SINK, caps_text);
    klass->set_caps = trampoline<&Impl::set_caps>;
    klass->render = trampoline<&Impl::render>;
    klass->event = trampoline<&Impl::event>;
  }

  void open() { client_.open(this->element(), GST_BASE_SINK_PAD(sink()), this->settings()); }
  void close() {
    end_training();
    client_.close();
  }
  void prepare() {
    end_training();
    began_ = false;
  }
  StructurePtr model_statistics() const { return client_.statistics(); }

  gboolean set_caps(GstCaps* caps) {
    open();  // the chain may have been linked since
    if (!impl().negotiated(caps)) return FALSE;
    if (!trainer_) begin_training();
    return TRUE;
  }

  GstFlowReturn render(GstBuffer* buffer) {
    if (!trainer_) return GST_FLOW_ERROR;
    std::vector<ImageFacts> facts = numbered(buffer);
    if (ended_ || trainer_->report().finished) return end_stream();
    const size_t first = images_.past(facts);
    if (first == facts.size()) {
      seek_once();
      return GST_FLOW_OK;
    }
    impl().collect(buffer, facts, first);
    images_.collect(facts, first);
    while (impl().has_batch()) {
      progress_->data_arrived();
      const TrainReport report = impl().train_batch();
      images_.use(this->settings().batch_size);
      progress_->batch_done(report, *trainer_);
      if (report.finished) return end_stream();
    }
    return GST_FLOW_OK;
  }

  gboolean event(GstEvent* event) {
    const EventPtr owned(event);
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_EOS:
        end_of_stream();
        break;
      case GST_EVENT_FLUSH_STOP:
        impl().forget();
        images_.flushed();
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
    options.class_names = classes_upstream(GST_BASE_SINK_PAD(sink()));
    warn_of_other_classes(this->element(), client_.engine().card(), options.class_names.size());
    if constexpr (requires { impl().complete(options); }) impl().complete(options);
    trainer_ = TrainerType::open(options);
    const TrainReport now = trainer_->report();
    warn_of_earlier_training(this->element(), now.set_aside);
    progress_.emplace(
        this->element(),
        TrainProgress::Places{s.log, s.checkpoint, s.sample_interval, options.max_steps}, now.step,
        /*quiet=*/shard_from_environment().rank != 0);
    images_.begin(now.next_index);
    if constexpr (requires { impl().began(0); }) impl().began(now.next_index);
    first_step_ = now.step;
    began_ = true;
    ended_ = sought_ = false;
    impl().forget();
  }

  // Saves what was trained; less than was asked for is an error all the same.
  void end_of_stream() {
    const SettingsType s = this->settings();
    const std::string name = GST_OBJECT_NAME(this->element());
    if (!trainer_ && !began_ && !this->has_failed()) refuse_empty_stream(name);
    if (!trainer_) return;
    const EndOfData end{first_step_, trainer_->report().step, (s.*Impl::kOptions).max_steps,
                        images_.waiting(), s.batch_size};
    end_training();
    if (!this->has_failed()) check_end(end, name);
  }

  // Once for each training, from whatever ends it. An error while training is final: then the
  // trainer is dropped without a word to the other processes, who see the connection break.
  void end_training() {
    if (!trainer_) return;
    if constexpr (requires { impl().ended(); }) impl().ended();
    const std::shared_ptr<void> drop(nullptr, [this](void*) {
      trainer_.reset();
      progress_.reset();
      impl().forget();
      images_.forget_collected();
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
    if (!std::exchange(ended_, true)) send_end(this->element());
    return GST_FLOW_EOS;
  }

  std::vector<ImageFacts> numbered(GstBuffer* buffer) {
    std::vector<ImageFacts> facts =
        image_facts(buffer, static_cast<size_t>(impl().images_in(buffer)));
    images_.number(facts);
    return facts;
  }

  // A resumed training goes on at its image; a source that cannot seek is read through.
  void seek_once() {
    if (std::exchange(sought_, true)) return;
    images_.seek();
    if constexpr (requires { impl().sought(); }) impl().sought();
    send_seek(this->element(), images_.wanted());
  }

  ModelClient client_;
  std::unique_ptr<TrainerType> trainer_;
  std::optional<TrainProgress> progress_;
  ImageCounter images_;
  int64_t first_step_ = 0;
  bool began_ = false, ended_ = false, sought_ = false;
};

}  // namespace svgen::gst
