// SPDX-License-Identifier: MIT
// Tests of streams of numbered images: seeks, ends, shares and times.
#include "common/numbered_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using Indices = std::vector<int64_t>;

constexpr int64_t kEndless = -1;
constexpr NumberedSettings kTenASecond{.first_index = 100, .num_images = 6, .framerate = {10, 1}};

// Returns a segment as a seek makes it; `stop` below 0: no end.
GstSegment segment_of(GstFormat format, gint64 start, gint64 stop = -1, double rate = 1) {
  GstSegment segment;
  gst_segment_init(&segment, format);
  segment.rate = rate;
  segment.start = static_cast<guint64>(start);
  segment.stop = static_cast<guint64>(stop);
  segment.position = rate > 0 ? segment.start : segment.stop;
  return segment;
}

// Returns all indices that are left, taken in buffers of three.
Indices rest_of(NumberedStream& stream) {
  Indices all;
  for (Indices some = stream.upcoming(3); !some.empty(); some = stream.upcoming(3)) {
    EXPECT_LE(some.size(), 3u);
    all.insert(all.end(), some.begin(), some.end());
    stream.advance_behind(some.back());
  }
  EXPECT_EQ(stream.left(), 0);
  return all;
}

Indices after_seek(const NumberedSettings& settings, int64_t available, GstSegment segment,
                   const Shard& shard = {}) {
  NumberedStream stream;
  stream.begin(settings, available, shard);
  EXPECT_TRUE(stream.seek(settings, &segment));
  return rest_of(stream);
}

TEST(NumberedStream, EndsAtTheFirstOfItsTwoEnds) {
  NumberedStream stream;
  stream.begin({.first_index = 3, .num_images = 4}, kEndless, {});
  EXPECT_EQ(rest_of(stream), (Indices{3, 4, 5, 6}));
  stream.begin({.first_index = 3, .num_images = 4}, 5, {});
  EXPECT_EQ(rest_of(stream), (Indices{3, 4}));
  stream.begin({.num_images = 0}, kEndless, {});
  EXPECT_EQ(stream.left(), 0);
}

TEST(NumberedStream, WithoutEndIsFullAlways) {
  NumberedStream stream;
  stream.begin({.first_index = 8}, kEndless, {});
  EXPECT_EQ(stream.left(), -1);
  EXPECT_EQ(stream.upcoming(3), (Indices{8, 9, 10}));
  stream.begin({.first_index = 8, .num_images = std::numeric_limits<int64_t>::max()}, kEndless, {});
  EXPECT_EQ(stream.left(), -1);
}

TEST(NumberedStream, ASegmentStartsAndStopsAtItsImages) {
  EXPECT_EQ(after_seek({}, kEndless, segment_of(GST_FORMAT_DEFAULT, 2, 7)),
            (Indices{2, 3, 4, 5, 6}));
  EXPECT_EQ(after_seek({.first_index = 5}, 8, segment_of(GST_FORMAT_DEFAULT, 0)),
            (Indices{5, 6, 7}));
  EXPECT_EQ(after_seek(kTenASecond, kEndless, segment_of(GST_FORMAT_TIME, 400 * GST_MSECOND)),
            (Indices{104, 105}));
}

TEST(NumberedStream, BackwardsTheLastImageComesFirst) {
  GstSegment open = segment_of(GST_FORMAT_DEFAULT, 1, -1, -1);
  EXPECT_EQ(after_seek({}, 6, open), (Indices{5, 4, 3, 2, 1}));
  EXPECT_EQ(after_seek({}, kEndless, segment_of(GST_FORMAT_DEFAULT, 2, 5, -1)), (Indices{4, 3, 2}));
  EXPECT_EQ(after_seek({.first_index = 3}, 6, segment_of(GST_FORMAT_DEFAULT, 0, 99, -2)),
            (Indices{5, 4, 3}));
}

TEST(NumberedStream, BackwardsTimeStartsWhereTheLastImageEnds) {
  NumberedStream stream;
  stream.begin(kTenASecond, kEndless, {});
  GstSegment segment = segment_of(GST_FORMAT_TIME, 200 * GST_MSECOND, -1, -1);
  ASSERT_TRUE(stream.seek(kTenASecond, &segment));
  EXPECT_EQ(segment.stop, 600 * GST_MSECOND);
  EXPECT_EQ(rest_of(stream), (Indices{105, 104, 103, 102}));
}

TEST(NumberedStream, PlaysForwardAgainAfterwards) {
  NumberedStream stream;
  stream.begin({}, 4, {});
  GstSegment back = segment_of(GST_FORMAT_DEFAULT, 0, -1, -1);
  ASSERT_TRUE(stream.seek({}, &back));
  EXPECT_EQ(rest_of(stream), (Indices{3, 2, 1, 0}));
  GstSegment forth = segment_of(GST_FORMAT_DEFAULT, 1);
  ASSERT_TRUE(stream.seek({}, &forth));
  EXPECT_EQ(rest_of(stream), (Indices{1, 2, 3}));
}

TEST(NumberedStream, RefusesWhatHasNoPlaceToStartFrom) {
  NumberedStream stream;
  stream.begin({}, kEndless, {});
  GstSegment endless = segment_of(GST_FORMAT_DEFAULT, 0, -1, -1);
  EXPECT_FALSE(stream.seek({}, &endless));
  GstSegment without_rate = segment_of(GST_FORMAT_TIME, GST_SECOND);
  EXPECT_FALSE(stream.seek({}, &without_rate));
  EXPECT_EQ(stream.upcoming(2), (Indices{0, 1})) << "it stays where it was";
}

TEST(NumberedStream, ProcessesShareItInBothDirections) {
  for (const double rate : {1.0, -1.0}) {
    Indices together;
    for (int64_t rank = 0; rank < 3; ++rank)
      for (const int64_t index : after_seek({}, 11, segment_of(GST_FORMAT_DEFAULT, 2, 10, rate),
                                            {.rank = rank, .world = 3}))
        together.push_back(index);
    std::sort(together.begin(), together.end());
    EXPECT_EQ(together, (Indices{2, 3, 4, 5, 6, 7, 8, 9})) << rate;
  }
}

TEST(NumberedStream, AProcessMayHaveNoShareOfAShortSegment) {
  const Shard third{.rank = 2, .world = 3};
  EXPECT_TRUE(after_seek({}, 10, segment_of(GST_FORMAT_DEFAULT, 3, 5), third).empty());
  EXPECT_TRUE(after_seek({}, 2, segment_of(GST_FORMAT_DEFAULT, 0, -1, -1), third).empty());
}

gint64 duration_of(const NumberedStream& stream, const NumberedSettings& settings,
                   GstFormat format) {
  const QueryPtr query(gst_query_new_duration(format));
  gint64 duration = -1;
  if (stream.answer(settings, query.get()))
    gst_query_parse_duration(query.get(), nullptr, &duration);
  return duration;
}

TEST(NumberedStream, KnowsItsDuration) {
  NumberedStream stream;
  stream.begin(kTenASecond, kEndless, {});
  EXPECT_EQ(duration_of(stream, kTenASecond, GST_FORMAT_DEFAULT), 106);
  EXPECT_EQ(duration_of(stream, kTenASecond, GST_FORMAT_TIME),
            static_cast<gint64>(600 * GST_MSECOND));
  EXPECT_EQ(duration_of(stream, kTenASecond, GST_FORMAT_BYTES), -1);
  const NumberedSettings without_rate{.num_images = 3};
  EXPECT_EQ(duration_of(stream, without_rate, GST_FORMAT_TIME), -1);
  stream.begin({}, kEndless, {});
  EXPECT_EQ(duration_of(stream, {}, GST_FORMAT_DEFAULT), -1);
}

gint64 converted(const NumberedSettings& settings, GstFormat from, gint64 value, GstFormat to) {
  const QueryPtr query(gst_query_new_convert(from, value, to));
  gint64 result = -1;
  if (NumberedStream().answer(settings, query.get()))
    gst_query_parse_convert(query.get(), nullptr, nullptr, nullptr, &result);
  return result;
}

TEST(NumberedStream, ConvertsBetweenIndexAndTimeWhereItHasARate) {
  const auto half = static_cast<gint64>(500 * GST_MSECOND);
  EXPECT_EQ(converted(kTenASecond, GST_FORMAT_DEFAULT, 105, GST_FORMAT_TIME), half);
  EXPECT_EQ(converted(kTenASecond, GST_FORMAT_TIME, half, GST_FORMAT_DEFAULT), 105);
  EXPECT_EQ(converted(kTenASecond, GST_FORMAT_DEFAULT, 3, GST_FORMAT_TIME), 0);
  EXPECT_EQ(converted(kTenASecond, GST_FORMAT_BYTES, 3, GST_FORMAT_TIME), -1);
  EXPECT_EQ(converted({}, GST_FORMAT_DEFAULT, 3, GST_FORMAT_TIME), -1);
}

TEST(Stamp, SaysIndicesAndTimeInEitherDirection) {
  for (const auto& [one, other] : {std::pair{102, 104}, std::pair{104, 102}}) {
    const BufferPtr buffer(gst_buffer_new());
    stamp(buffer.get(), kTenASecond, one, other);
    EXPECT_EQ(GST_BUFFER_OFFSET(buffer.get()), 102u);
    EXPECT_EQ(GST_BUFFER_OFFSET_END(buffer.get()), 105u);
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), 200 * GST_MSECOND);
    EXPECT_EQ(GST_BUFFER_DURATION(buffer.get()), 300 * GST_MSECOND);
  }
  const BufferPtr buffer(gst_buffer_new());
  stamp(buffer.get(), {}, 4, 4);
  EXPECT_EQ(GST_BUFFER_OFFSET(buffer.get()), 4u);
  EXPECT_FALSE(GST_BUFFER_PTS_IS_VALID(buffer.get()));
}

}  // namespace
}  // namespace svgen::gst::testing
