// SPDX-License-Identifier: MIT
// Base of the elements that compare a stream with a reference and give JSON lines.
#pragma once

#include <gst/base/gstaggregator.h>

#include <string>

#include "common/element.h"
#include "svg/report.h"

namespace svgen::gst {

/// Impl has
///   static constexpr kMessage           the name of the message at the end
///   static constexpr kReferencePresence whether the pad "reference" is always there or on request
///   void begin()                        of a run
///   void caps_changed(GstAggregatorPad*, GstCaps*)
///   GstFlowReturn aggregate(gboolean)   as GstAggregator's
template <typename Impl, typename SettingsType>
class Analyzer : public ElementImpl<SettingsType> {
 public:
  using Base = GstAggregator;
  using BaseClass = GstAggregatorClass;

  explicit Analyzer(gpointer instance) : ElementImpl<SettingsType>(instance) {
    if (Impl::kReferencePresence == GST_PAD_ALWAYS) reference_ = add_pad("reference");
    test_ = add_pad("test");
  }

  static GType parent_type() { return GST_TYPE_AGGREGATOR; }

  static void install(GstAggregatorClass* klass, const char* sink_caps) {
    const GType pad = GST_TYPE_AGGREGATOR_PAD;
    add_pad_template(klass, "reference", GST_PAD_SINK, sink_caps, Impl::kReferencePresence, pad);
    add_pad_template(klass, "test", GST_PAD_SINK, sink_caps, GST_PAD_ALWAYS, pad);
    add_pad_template(klass, "src", GST_PAD_SRC, "text/x-raw, format=(string)utf8", GST_PAD_ALWAYS,
                     pad);
    klass->start = trampoline<&Impl::start>;
    klass->stop = trampoline<&Impl::stop>;
    klass->sink_event = trampoline<&Impl::sink_event>;
    klass->negotiate = trampoline<&Impl::negotiate>;
    klass->aggregate = trampoline<&Impl::aggregate>;
    klass->create_new_pad = trampoline<&Impl::create_new_pad>;
  }

  void open() {}
  void close() {}

  gboolean start() {
    impl().begin();
    gst_segment_init(&GST_AGGREGATOR_PAD(aggregator()->srcpad)->segment, GST_FORMAT_TIME);
    return TRUE;
  }

  gboolean stop() { return TRUE; }

  gboolean negotiate() {
    const CapsPtr caps(gst_pad_get_pad_template_caps(aggregator()->srcpad));
    gst_aggregator_set_src_caps(aggregator(), caps.get());
    return TRUE;
  }

  gboolean sink_event(GstAggregatorPad* pad, GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      impl().caps_changed(pad, caps);
    }
    return Glue<Impl>::parent()->sink_event(aggregator(), pad, event);
  }

  /// The one pad on request.
  GstAggregatorPad* create_new_pad(GstPadTemplate*, const gchar*, const GstCaps*) {
    return has_reference() ? nullptr : new_pad("reference");
  }

 protected:
  GstAggregator* aggregator() const { return GST_AGGREGATOR_CAST(this->element()); }

  GstAggregatorPad* test_pad() const { return test_; }
  GstAggregatorPad* reference_pad() const { return reference_; }

  /// Whether the pad is there now: one on request may be released.
  bool has_reference() const {
    return PadPtr(gst_element_get_static_pad(this->element(), "reference")) != nullptr;
  }

  GstFlowReturn push(const Report& report, GstClockTime time) {
    const std::string line = report.json();
    GstBuffer* buffer = gst_buffer_new_memdup(line.data(), line.size());
    GST_BUFFER_PTS(buffer) = time;
    return gst_aggregator_finish_buffer(aggregator(), buffer);
  }

  /// The message and the last line.
  GstFlowReturn conclude(const Report& report) {
    gst_element_post_message(this->element(),
                             gst_message_new_element(GST_OBJECT(this->element()),
                                                     report.structure(Impl::kMessage).release()));
    const GstFlowReturn result = push(report, GST_CLOCK_TIME_NONE);
    return result == GST_FLOW_OK ? GST_FLOW_EOS : result;
  }

 private:
  Impl& impl() { return *static_cast<Impl*>(this); }

  GstAggregatorPad* new_pad(const char* name) const {
    GstPadTemplate* pad_template =
        gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(this->element()), name);
    return GST_AGGREGATOR_PAD(g_object_new(GST_TYPE_AGGREGATOR_PAD, "name", name, "direction",
                                           GST_PAD_SINK, "template", pad_template, nullptr));
  }

  GstAggregatorPad* add_pad(const char* name) const {
    GstAggregatorPad* pad = new_pad(name);
    gst_element_add_pad(this->element(), GST_PAD(pad));
    return pad;
  }

  GstAggregatorPad *reference_ = nullptr, *test_ = nullptr;
};

}  // namespace svgen::gst
