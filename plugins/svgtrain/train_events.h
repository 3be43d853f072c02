// SPDX-License-Identifier: MIT
// Events that a trainer sends from another thread, since they would stop the one that streams.
#pragma once

#include <gst/base/gstbasesink.h>

#include <cstdint>
#include <memory>

#include "common/handles.h"

namespace svgen::gst {

/// Waits, not for ever, until the pipeline that `element` is part of has ended its change of state.
inline void wait_for_settled_pipeline(GstElement* element) {
  std::unique_ptr<GstObject, Release> top(GST_OBJECT(gst_object_ref(element)));
  while (GstObject* parent = gst_object_get_parent(top.get())) top.reset(parent);
  gst_element_get_state(GST_ELEMENT(top.get()), nullptr, nullptr, 10 * GST_SECOND);
}

/// The end of the stream, to the sink itself.
inline void send_end(GstElement* sink) {
  gst_element_call_async(
      sink,
      [](GstElement* element, gpointer) {
        gst_pad_send_event(GST_BASE_SINK_PAD(element), gst_event_new_eos());
      },
      nullptr, nullptr);
}

/// A flushing seek by image index, upstream of all pads. A flush that meets a sink on its way to
/// PLAYING leaves it waiting for a preroll that nobody ends, so the way is let end first.
inline void send_seek(GstElement* sink, int64_t index) {
  gst_element_call_async(
      sink,
      [](GstElement* element, gpointer data) {
        wait_for_settled_pipeline(element);
        const GstElementForeachPadFunc seek = [](GstElement*, GstPad* pad, gpointer target) {
          gst_pad_push_event(
              pad, gst_event_new_seek(1, GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                      *static_cast<int64_t*>(target), GST_SEEK_TYPE_NONE, 0));
          return gboolean{TRUE};
        };
        gst_element_foreach_sink_pad(element, seek, data);
      },
      new int64_t(index), [](gpointer data) { delete static_cast<int64_t*>(data); });
}

}  // namespace svgen::gst
