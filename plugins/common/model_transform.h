// SPDX-License-Identifier: MIT
// The base of svgencode, svgalign, svgedit and svgdecode: a GstBaseTransform with a model, whose
// outputs need not be as many as its inputs.
//
// The base class queues one input (submit_input_buffer) and then calls generate_output until it
// gives no more; take_input() hands that input over.
#pragma once

#include <gst/base/gstbasetransform.h>

#include <atomic>
#include <string>
#include <utility>

#include "common/element.h"
#include "common/handles.h"
#include "common/model_client.h"
#include "common/tensor_memory.h"
#include "common/work_latency.h"

namespace svgen::gst {

template <typename Impl, typename SettingsType>
class ModelTransform : public ElementImpl<SettingsType> {
 public:
  using Base = GstBaseTransform;
  using BaseClass = GstBaseTransformClass;

  explicit ModelTransform(gpointer instance) : ElementImpl<SettingsType>(instance) {
    // Passthrough is off: every input is worked on, also where the caps are those of the output.
    gst_base_transform_set_passthrough(transform(), FALSE);
  }

  static GType parent_type() { return GST_TYPE_BASE_TRANSFORM; }

  void open() {
    // A question upstream only makes sense on a tensor pad.
    client_.open(this->element(), Impl::kAsksUpstream ? transform()->sinkpad : nullptr,
                 this->settings());
  }
  void close() {
    client_.close();
    latency_.reset();
  }
  StructurePtr model_statistics() const { return client_.statistics(); }

  gboolean query(GstPadDirection direction, GstQuery* query) {
    if (direction == GST_PAD_SRC &&
        answer_model_query(query, this->settings(), /*is_source=*/!Impl::kAsksUpstream))
      return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS && direction == GST_PAD_SINK) {
      // Everything of our kind is accepted here and judged in set_caps, which can say what is
      // wrong.
      GstCaps* caps = nullptr;
      gst_query_parse_accept_caps(query, &caps);
      const CapsPtr known(gst_pad_get_pad_template_caps(transform()->sinkpad));
      gst_query_set_accept_caps_result(query, gst_caps_can_intersect(caps, known.get()));
      return TRUE;
    }
    const gboolean answered = Glue<Impl>::parent()->query(transform(), direction, query);
    if (answered && direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
      add_latency(query);
    return answered;
  }

  /// Runs generate_output and counts its time for the latency of live pipelines.
  GstFlowReturn timed_output(GstBuffer** out) {
    const GstClockTime start = gst_util_get_timestamp();
    const GstFlowReturn result = static_cast<Impl*>(this)->generate_output(out);
    const bool moved = *out != nullptr && latency_.add(gst_util_get_timestamp() - start);
    if (moved && live_) {
      gst_element_post_message(this->element(),
                               gst_message_new_latency(GST_OBJECT_CAST(this->element())));
    }
    return result;
  }

  /// Implements fixate_caps of an element whose source pad carries tensors: tensor memory for a
  /// peer that names it, system memory for all others.
  GstCaps* fixate_tensor_caps(GstPadDirection direction, GstCaps*, GstCaps* choices) {
    const bool wanted = peer_takes_tensor_memory(transform()->srcpad);
    for (guint i = 0; direction == GST_PAD_SINK && i < gst_caps_get_size(choices); ++i) {
      GstCapsFeatures* features = gst_caps_get_features(choices, i);
      if ((gst_caps_features_contains(features, kTensorFeature) != FALSE) != wanted) continue;
      GstCaps* one = gst_caps_copy_nth(choices, i);
      gst_caps_unref(choices);
      return gst_caps_fixate(one);
    }
    return gst_caps_fixate(choices);
  }

 protected:
  /// Hands an event to the base class; before new caps, looks what has been linked upstream since.
  gboolean pass_on(EventPtr event) {
    if (Impl::kAsksUpstream && GST_EVENT_TYPE(event.get()) == GST_EVENT_CAPS) open();
    return Glue<Impl>::parent()->sink_event(transform(), event.release());
  }

  static void install_transform_vfuncs(GstBaseTransformClass* klass) {
    klass->query = trampoline<&Impl::query>;
    klass->transform_caps = trampoline<&Impl::transform_caps>;
    klass->set_caps = trampoline<&Impl::set_caps>;
    klass->generate_output = trampoline<&Impl::timed_output>;
    klass->sink_event = trampoline<&Impl::sink_event>;
    klass->stop = trampoline<&Impl::stop>;
    klass->passthrough_on_same_caps = FALSE;
  }

  /// Returns how long an output waits for later inputs, in nanoseconds. An element may override it.
  GstClockTime waiting_time() const { return 0; }

  GstBaseTransform* transform() const { return GST_BASE_TRANSFORM_CAST(this->element()); }
  Engine& engine() const { return client_.engine(); }
  /// Takes over the newest weights of a training where the settings ask to; false when stopped.
  bool follow(ModelPart part) { return client_.follow(part, keep_going()); }
  bool has_engine() const { return client_.is_open(); }
  /// Says the latest latency query.
  bool is_live() const { return live_; }

  BufferPtr take_input() { return BufferPtr(std::exchange(transform()->queued_buf, nullptr)); }

  /// Makes a ProgressFunction: false when the stream is being flushed or shut down.
  auto keep_going() const {
    return [source = transform()->srcpad, sink = transform()->sinkpad](const Progress&) {
      return !GST_PAD_IS_FLUSHING(source) && !GST_PAD_IS_FLUSHING(sink);
    };
  }

  /// Answers transform_caps: `caps` as far as `filter` allows, in the filter's order.
  static GstCaps* filtered(CapsPtr caps, GstCaps* filter) {
    if (filter == nullptr) return caps.release();
    return gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST);
  }

  /// Answers transform_caps towards the source pad: what `caps_for()` makes of fixed input caps.
  /// Where it throws this answers anything, since it may be a mere question; set_caps says what is
  /// wrong.
  template <typename CapsFor>
  GstCaps* source_caps(GstCaps* caps, GstCaps* filter, CapsFor caps_for) const {
    if (has_engine() && gst_caps_is_fixed(caps)) {
      try {
        return filtered(caps_for(), filter);
      } catch (const Error&) {
        GST_DEBUG_OBJECT(transform(), "cannot take %" GST_PTR_FORMAT, caps);
      }
    }
    return filtered(template_caps(transform()->srcpad), filter);
  }

  static CapsPtr template_caps(GstPad* pad) { return CapsPtr(gst_pad_get_pad_template_caps(pad)); }

  /// Announces `caps` downstream unless they are announced already. Throws nothing; false when the
  /// peer refuses them.
  bool ensure_source_caps(const GstCaps* caps) {
    const CapsPtr current(gst_pad_get_current_caps(transform()->srcpad));
    if (current && gst_caps_is_equal(current.get(), caps)) return true;
    return gst_base_transform_update_src_caps(transform(), const_cast<GstCaps*>(caps)) != FALSE;
  }

 private:
  void add_latency(GstQuery* query) {
    gboolean live = FALSE;
    GstClockTime low = 0, high = 0;
    gst_query_parse_latency(query, &live, &low, &high);
    live_ = live;
    const GstClockTime own = static_cast<Impl*>(this)->waiting_time() + latency_.reported();
    gst_query_set_latency(query, live, low + own,
                          GST_CLOCK_TIME_IS_VALID(high) ? high + own : high);
  }

  ModelClient client_;
  WorkLatency latency_;
  std::atomic<bool> live_{false};  // says the latest latency query
};

}  // namespace svgen::gst
