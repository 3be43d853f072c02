// SPDX-License-Identifier: MIT
// Indices, times and ends of a stream of numbered images.
#include "common/numbered_stream.h"

#include <algorithm>
#include <limits>

#include "common/video_frames.h"

namespace svgen::gst {
namespace {

// Ends, of which -1 is none.
int64_t earliest(int64_t a, int64_t b) {
  if (a < 0 || b < 0) return std::max(a, b);
  return std::min(a, b);
}

// The index behind the last image; -1 without end.
int64_t end_of(const NumberedSettings& s, int64_t available) {
  const bool endless =
      s.num_images < 0 || s.first_index > std::numeric_limits<int64_t>::max() - s.num_images;
  return earliest(available, endless ? -1 : s.first_index + s.num_images);
}

bool answer_convert(const NumberedSettings& s, GstQuery* query) {
  GstFormat from, to;
  gint64 value = 0;
  gst_query_parse_convert(query, &from, &value, &to, nullptr);
  if (!s.framerate.is_positive() || value < 0) return false;
  if (from == GST_FORMAT_DEFAULT && to == GST_FORMAT_TIME) {
    gst_query_set_convert(query, from, value, to, static_cast<gint64>(s.time_of(value)));
    return true;
  }
  if (from == GST_FORMAT_TIME && to == GST_FORMAT_DEFAULT) {
    gst_query_set_convert(query, from, value, to, s.index_of(static_cast<GstClockTime>(value)));
    return true;
  }
  return false;
}

}  // namespace

GstClockTime NumberedSettings::time_of(int64_t index) const {
  return frame_time(static_cast<uint64_t>(std::max<int64_t>(0, index - first_index)), framerate);
}

int64_t NumberedSettings::index_of(GstClockTime time) const {
  if (!framerate.is_positive()) return first_index;
  return first_index + static_cast<int64_t>(gst_util_uint64_scale_round(
                           time, static_cast<guint64>(framerate.numerator),
                           static_cast<guint64>(framerate.denominator) * GST_SECOND));
}

void NumberedStream::begin(const NumberedSettings& s, int64_t available, const Shard& shard) {
  shard_ = shard;
  available_ = available;
  last_ = end_of(s, available);
  low_ = s.first_index;
  end_ = -1;
  backwards_ = false;
  next_ = shard_.next(s.first_index);
}

bool NumberedStream::seek(const NumberedSettings& s, GstSegment* segment) {
  const bool timed = segment->format == GST_FORMAT_TIME;
  const bool open = !GST_CLOCK_TIME_IS_VALID(segment->stop);
  const bool backwards = segment->rate < 0;
  const auto index_at = [&](guint64 position) {
    return timed ? s.index_of(position) : static_cast<int64_t>(position);
  };
  if (timed && !s.framerate.is_positive() && (backwards || segment->position != 0)) return false;
  if (backwards && open && last_ < 0) return false;
  backwards_ = backwards;
  low_ = std::max(s.first_index, index_at(segment->start));
  end_ = open ? -1 : index_at(segment->stop);
  if (backwards) {
    next_ = shard_.previous(earliest(last_, end_) - 1);
    if (open) segment->stop = timed ? s.time_of(last_) : static_cast<guint64>(last_);
  } else {
    next_ = shard_.next(std::max(s.first_index, index_at(segment->position)));
  }
  return true;
}

int64_t NumberedStream::left() const {
  if (backwards_) return next_ < low_ ? 0 : (next_ - low_) / shard_.world + 1;
  const int64_t end = earliest(last_, end_);
  if (end < 0) return -1;
  return next_ >= end ? 0 : (end - next_ - 1) / shard_.world + 1;
}

std::vector<int64_t> NumberedStream::upcoming(int64_t most) const {
  const int64_t count = earliest(left(), most);
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i) indices.push_back(next_ + i * step());
  return indices;
}

bool NumberedStream::answer(const NumberedSettings& s, GstQuery* query) const {
  if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION) return answer_duration(s, query);
  return GST_QUERY_TYPE(query) == GST_QUERY_CONVERT && answer_convert(s, query);
}

bool NumberedStream::answer_duration(const NumberedSettings& s, GstQuery* query) const {
  const int64_t last = end_of(s, available_);
  GstFormat format;
  gst_query_parse_duration(query, &format, nullptr);
  if (last < 0 || (format == GST_FORMAT_TIME && !s.framerate.is_positive())) return false;
  if (format != GST_FORMAT_DEFAULT && format != GST_FORMAT_TIME) return false;
  gst_query_set_duration(
      query, format, format == GST_FORMAT_DEFAULT ? last : static_cast<gint64>(s.time_of(last)));
  return true;
}

void stamp(GstBuffer* buffer, const NumberedSettings& s, int64_t one, int64_t other) {
  const auto [first, last] = std::minmax(one, other);
  GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(first);
  GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(last + 1);
  if (!s.framerate.is_positive()) return;
  GST_BUFFER_PTS(buffer) = s.time_of(first);
  GST_BUFFER_DURATION(buffer) = s.time_of(last + 1) - GST_BUFFER_PTS(buffer);
}

}  // namespace svgen::gst
