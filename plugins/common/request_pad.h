// SPDX-License-Identifier: MIT
// A sink pad that an element has on request, beside those of its base class.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <memory>

#include "common/errors.h"
#include "common/handles.h"

namespace svgen::gst {

/// What the events of a stream say of a pad; its owner guards it.
struct PadState {
  bool has_ended = false, is_flushing = true;

  void follow(GstEvent* event) {
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_STREAM_START:
        has_ended = false;
        break;
      case GST_EVENT_EOS:
        has_ended = true;
        break;
      case GST_EVENT_FLUSH_START:
        is_flushing = true;
        break;
      case GST_EVENT_FLUSH_STOP:
        *this = {.is_flushing = false};
        break;
      default:
        break;
    }
  }
};

/// `Owner` has
///   GstFlowReturn take(BufferPtr)   a buffer; may wait
///   void take_event(GstEvent*)      an event, which ends here
///   void flush(bool begins)         the pad is shut down, or opened
/// Exceptions of the first two become the element's error.
template <typename Owner>
class RequestPad {
 public:
  /// Adds the pad to the element; `owner` outlives this.
  RequestPad(GstElement* element, GstPadTemplate* pads, const char* name, Owner* owner)
      : element_(element), pad_(GST_PAD(gst_object_ref(gst_pad_new_from_template(pads, name)))) {
    gst_pad_set_element_private(get(), owner);
    gst_pad_set_chain_function(get(), chain);
    gst_pad_set_event_function(get(), event);
    gst_pad_set_activatemode_function(get(), activate);
    gst_element_add_pad(element, get());
  }
  ~RequestPad() { release(); }
  RequestPad(const RequestPad&) = delete;
  RequestPad& operator=(const RequestPad&) = delete;

  GstPad* get() const { return pad_.get(); }
  bool is_released() const { return is_released_; }

  /// Takes the pad from the element, for good.
  void release() {
    if (is_released_.exchange(true)) return;
    gst_pad_set_active(get(), FALSE);
    // An element that is going has let go of its pads.
    if (GST_PAD_PARENT(get()) == element_) gst_element_remove_pad(element_, get());
  }

 private:
  static Owner& of(GstPad* pad) { return *static_cast<Owner*>(gst_pad_get_element_private(pad)); }

  static GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) noexcept {
    try {
      return of(pad).take(BufferPtr(buffer));
    } catch (...) {
      post_current_exception(GST_ELEMENT_CAST(parent));
      return GST_FLOW_ERROR;
    }
  }

  // The other pad's events go downstream, these end here.
  static gboolean event(GstPad* pad, GstObject* parent, GstEvent* event) noexcept {
    const EventPtr owned(event);
    try {
      of(pad).take_event(event);
      return TRUE;
    } catch (...) {
      post_current_exception(GST_ELEMENT_CAST(parent));
      return FALSE;
    }
  }

  // Wakes whoever waits before the pad's own lock is taken.
  static gboolean activate(GstPad* pad, GstObject*, GstPadMode mode, gboolean active) {
    if (mode != GST_PAD_MODE_PUSH) return FALSE;
    of(pad).flush(!active);
    return TRUE;
  }

  GstElement* element_;
  PadPtr pad_;
  std::atomic<bool> is_released_{false};
};

/// Holds the one pad of a kind that was requested, if any, behind the element's object lock. `Pad`
/// is made of (GstElement*, GstPadTemplate*, name) and has pad() and release().
template <typename Pad>
class RequestedPad {
 public:
  explicit RequestedPad(GstElement* element) : element_(element) {}

  std::shared_ptr<Pad> get() const {
    GST_OBJECT_LOCK(element_);
    std::shared_ptr<Pad> pad = pad_;
    GST_OBJECT_UNLOCK(element_);
    return pad;
  }

  /// Null where there is one.
  GstPad* request(GstPadTemplate* pads, const char* name) {
    if (get()) return nullptr;
    auto made = std::make_shared<Pad>(element_, pads, name);
    GST_OBJECT_LOCK(element_);
    pad_ = made;
    GST_OBJECT_UNLOCK(element_);
    return made->pad();
  }

  void release() {
    std::shared_ptr<Pad> released;
    GST_OBJECT_LOCK(element_);
    released.swap(pad_);
    GST_OBJECT_UNLOCK(element_);
    if (released) released->release();
  }

 private:
  GstElement* element_;
  std::shared_ptr<Pad> pad_;  // guarded by the object lock
};

}  // namespace svgen::gst
