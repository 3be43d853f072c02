// SPDX-License-Identifier: MIT
// What the sources of training data share: a stream of numbered images, which seeks by number, ends
// at a number, and is dealt out among the processes of a distributed launch.
#pragma once

#include <gst/base/gstpushsrc.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

#include "common/batch_meta.h"
#include "common/class_names.h"
#include "common/element.h"
#include "common/video_frames.h"
#include "data/data_order.h"

namespace svgen::gst {

struct IndexedSettings {
  int64_t first_index = 0;
  int64_t num_images = -1;
  Fraction framerate{0, 1};
};

template <typename Impl>
std::vector<Property<Impl>> indexed_properties() {
  using S = IndexedSettings;
  return {
      field<Impl>(&S::first_index, {.name = "first-index",
                                    .blurb = "Index of the first image; it grows over epochs",
                                    .low = 0}),
      field<Impl>(&S::num_images, {.name = "num-images",
                                   .blurb = "Images of the stream, of all processes together (-1: "
                                            "no end); num-buffers counts buffers",
                                   .low = -1}),
      field<Impl>(&S::framerate,
                  {.name = "framerate", .blurb = "Images a second; 0/1: no timestamps"}),
  };
}

/// Impl also has start() and stop() (which call begin()), get_caps, create, and class_names(), the
/// names of the labels (empty: unknown).
template <typename Impl, typename SettingsType>
class IndexedSource : public ElementImpl<SettingsType> {
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

  // DEFAULT counts images by absolute index, TIME from the first image.
  gboolean do_seek(GstSegment* segment) {
    const SettingsType s = this->settings();
    if (segment->rate < 0) return FALSE;
    const bool timed = segment->format == GST_FORMAT_TIME;
    const auto index_at = [&](guint64 position) {
      return timed ? index_of(s, position) : static_cast<int64_t>(position);
    };
    next_ = shard_.next(std::max(s.first_index, index_at(segment->position)));
    end_ = GST_CLOCK_TIME_IS_VALID(segment->stop) ? index_at(segment->stop) : -1;
    static_cast<Impl*>(this)->moved();
    return TRUE;
  }

  gboolean query(GstQuery* query) {
    const SettingsType s = this->settings();
    if (answer_classes_query(query, static_cast<Impl*>(this)->class_names())) return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_URI && answer_uri(query)) return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION && answer_duration(s, query)) return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_CONVERT && answer_convert(s, query)) return TRUE;
    return GST_BASE_SRC_CLASS(Glue<Impl>::parent())->query(source(), query);
  }

  /// The one file that is read; empty when there is none.
  std::string file() const { return {}; }

 protected:
  static void install_source(GstPushSrcClass* klass, const char* caps_text) {
    add_pad_template(klass, "src", GST_PAD_SRC, caps_text);
    auto* source = GST_BASE_SRC_CLASS(klass);
    source->start = thunk<&Impl::start>;
    source->stop = thunk<&Impl::stop>;
    source->get_caps = thunk<&Impl::get_caps>;
    source->is_seekable = thunk<&Impl::is_seekable>;
    source->do_seek = thunk<&Impl::do_seek>;
    source->query = thunk<&Impl::query>;
    source->unlock = thunk<&Impl::unlock>;
    source->unlock_stop = thunk<&Impl::unlock_stop>;
    klass->create = thunk<&Impl::create>;
  }

  GstBaseSrc* source() const { return GST_BASE_SRC_CAST(this->element()); }
  GstPad* pad() const { return GST_BASE_SRC_PAD(source()); }

  /// At start: `available` images exist over all epochs; -1 without end.
  void begin(int64_t available) {
    const SettingsType s = this->settings();
    shard_ = shard_from_environment();
    last_ = earliest(available,
                     s.num_images < 0 ? int64_t{-1} : saturated(s.first_index, s.num_images));
    end_ = -1;
    next_ = shard_.next(s.first_index);
  }

  const Shard& shard() const { return shard_; }
  /// The index of this process's next image.
  int64_t next() const { return next_; }
  void advance_behind(int64_t index) { next_ = shard_.next(index + 1); }
  /// The first index that does not come any more; -1 without end.
  int64_t end() const { return earliest(last_, end_); }
  bool at_end() const { return end() >= 0 && next_ >= end(); }

  /// Index and time of a buffer with the images first ... last.
  void stamp(GstBuffer* buffer, int64_t first, int64_t last) const {
    const SettingsType s = this->settings();
    GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(first);
    GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(last + 1);
    if (!s.framerate.is_positive()) return;
    GST_BUFFER_PTS(buffer) = time_of(s, first);
    GST_BUFFER_DURATION(buffer) = time_of(s, last + 1) - GST_BUFFER_PTS(buffer);
  }

 private:
  static int64_t earliest(int64_t a, int64_t b) {
    if (a < 0 || b < 0) return std::max(a, b);
    return std::min(a, b);
  }
  static int64_t saturated(int64_t a, int64_t b) {
    return a > std::numeric_limits<int64_t>::max() - b ? -1 : a + b;
  }

  static GstClockTime time_of(const SettingsType& s, int64_t index) {
    return frame_time(static_cast<uint64_t>(std::max<int64_t>(0, index - s.first_index)),
                      s.framerate);
  }
  static int64_t index_of(const SettingsType& s, guint64 time) {
    if (!s.framerate.is_positive()) return s.first_index;
    return s.first_index + static_cast<int64_t>(gst_util_uint64_scale_round(
                               time, static_cast<guint64>(s.framerate.numerator),
                               static_cast<guint64>(s.framerate.denominator) * GST_SECOND));
  }

  bool answer_duration(const SettingsType& s, GstQuery* query) const {
    GstFormat format;
    gst_query_parse_duration(query, &format, nullptr);
    if (last_ < 0 || (format == GST_FORMAT_TIME && !s.framerate.is_positive())) return false;
    if (format != GST_FORMAT_DEFAULT && format != GST_FORMAT_TIME) return false;
    gst_query_set_duration(
        query, format,
        format == GST_FORMAT_DEFAULT ? last_ : static_cast<gint64>(time_of(s, last_)));
    return true;
  }

  // A sink that writes files asks for it, to spare what it is made of.
  bool answer_uri(GstQuery* query) const {
    const std::string file = static_cast<const Impl*>(this)->file();
    if (file.empty()) return false;
    const TextPtr uri(g_filename_to_uri(std::filesystem::absolute(file).c_str(), nullptr, nullptr));
    gst_query_set_uri(query, uri.get());
    return uri != nullptr;
  }

  // So that a timed source can be sought by index, too.
  static bool answer_convert(const SettingsType& s, GstQuery* query) {
    GstFormat from, to;
    gint64 value = 0;
    gst_query_parse_convert(query, &from, &value, &to, nullptr);
    if (!s.framerate.is_positive() || value < 0) return false;
    if (from == GST_FORMAT_DEFAULT && to == GST_FORMAT_TIME) {
      gst_query_set_convert(query, from, value, to, static_cast<gint64>(time_of(s, value)));
      return true;
    }
    if (from == GST_FORMAT_TIME && to == GST_FORMAT_DEFAULT) {
      gst_query_set_convert(query, from, value, to, index_of(s, static_cast<guint64>(value)));
      return true;
    }
    return false;
  }

  Shard shard_;
  int64_t next_ = 0;
  int64_t last_ = -1;  // of the stream
  int64_t end_ = -1;   // of the segment
};

}  // namespace svgen::gst
