// SPDX-License-Identifier: MIT
// The base of the sources: a stream of numbered images, which seeks by number, plays in either
// direction and ends at a number.
#pragma once

#include <gst/base/gstpushsrc.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "common/class_names.h"
#include "common/element.h"
#include "common/numbered_stream.h"

namespace svgen::gst {

/// Holds the words for the properties; the defaults are those of sources of training data.
struct NumberedBlurbs {
  const char* first_index = "Index of the first image; it grows over epochs";
  const char* num_images =
      "Images of the stream, of all processes together (-1: no end); num-buffers counts buffers";
  const char* framerate = "Images a second; 0/1: no timestamps";
  const char* shard =
      "What a process of a distributed launch makes: every WORLD_SIZE-th image, or all";
};

template <typename Impl>
std::vector<Property<Impl>> numbered_properties(const NumberedBlurbs& blurbs = {}) {
  using S = NumberedSettings;
  return {
      field<Impl>(&S::first_index, {.name = "first-index", .blurb = blurbs.first_index, .low = 0}),
      field<Impl>(&S::num_images, {.name = "num-images", .blurb = blurbs.num_images, .low = -1}),
      field<Impl>(&S::framerate, {.name = "framerate", .blurb = blurbs.framerate}),
      field<Impl>(&S::shard, {.name = "shard", .blurb = blurbs.shard}),
  };
}

/// The settings are NumberedSettings with more. Impl has start(), which calls numbers().begin(),
/// stop(), get_caps and create; and, where it has something else to say, the methods below that do
/// nothing.
template <typename Impl, typename SettingsType>
class NumberedSource : public ElementImpl<SettingsType> {
 public:
  using Base = GstPushSrc;
  using BaseClass = GstPushSrcClass;
  using ElementImpl<SettingsType>::ElementImpl;

  static GType parent_type() { return GST_TYPE_PUSH_SRC; }

  void open() {
    gst_base_src_set_format(
        source(), this->settings().framerate.is_positive() ? GST_FORMAT_TIME : GST_FORMAT_DEFAULT);
  }
  void close() {}

  gboolean is_seekable() { return TRUE; }

  gboolean do_seek(GstSegment* segment) {
    if (!numbers_.seek(static_cast<Impl*>(this)->numbered(), segment)) return FALSE;
    static_cast<Impl*>(this)->moved();
    return TRUE;
  }

  gboolean query(GstQuery* query) {
    if (answer_classes_query(query, static_cast<Impl*>(this)->class_names())) return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_URI && answer_uri(query)) return TRUE;
    if (numbers_.answer(static_cast<Impl*>(this)->numbered(), query)) return TRUE;
    return GST_BASE_SRC_CLASS(Glue<Impl>::parent())->query(source(), query);
  }

  gboolean unlock() {
    cancelled_ = true;
    return TRUE;
  }
  gboolean unlock_stop() {
    cancelled_ = false;
    return TRUE;
  }

  /// Is called after a seek.
  void moved() {}
  /// The images of the stream.
  NumberedSettings numbered() const { return this->settings(); }
  /// Returns the names of the labels; empty: unknown.
  static std::vector<std::string> class_names() { return {}; }
  /// Returns the one file that is read; empty when there is none.
  std::string file() const { return {}; }

 protected:
  static void install_source(GstPushSrcClass* klass, const char* caps_text) {
    add_pad_template(klass, "src", GST_PAD_SRC, caps_text);
    auto* source = GST_BASE_SRC_CLASS(klass);
    source->start = trampoline<&Impl::start>;
    source->stop = trampoline<&Impl::stop>;
    source->get_caps = trampoline<&Impl::get_caps>;
    source->is_seekable = trampoline<&Impl::is_seekable>;
    source->do_seek = trampoline<&Impl::do_seek>;
    source->query = trampoline<&Impl::query>;
    source->unlock = trampoline<&Impl::unlock>;
    source->unlock_stop = trampoline<&Impl::unlock_stop>;
    klass->create = trampoline<&Impl::create>;
  }

  GstBaseSrc* source() const { return GST_BASE_SRC_CAST(this->element()); }
  GstPad* pad() const { return GST_BASE_SRC_PAD(source()); }

  NumberedStream& numbers() { return numbers_; }
  const NumberedStream& numbers() const { return numbers_; }
  /// Returns whether a flush or a state change waits for create() to return.
  bool cancelled() const { return cancelled_; }

  /// Answers get_caps: the caps that are possible, as far as the filter (may be null) has them.
  static GstCaps* filtered(const CapsPtr& caps, GstCaps* filter) {
    return filter == nullptr
               ? gst_caps_ref(caps.get())
               : gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST);
  }

 private:
  // A sink that writes files asks for the URI, so as not to overwrite what it is made of.
  bool answer_uri(GstQuery* query) const {
    const std::string file = static_cast<const Impl*>(this)->file();
    if (file.empty()) return false;
    const TextPtr uri(g_filename_to_uri(std::filesystem::absolute(file).c_str(), nullptr, nullptr));
    gst_query_set_uri(query, uri.get());
    return uri != nullptr;
  }

  NumberedStream numbers_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace svgen::gst
