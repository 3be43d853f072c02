// SPDX-License-Identifier: MIT
// Masks, from pixels to cells.
#include "svg/mask_pad.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "common/errors.h"
#include "media/resample.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

// How soon the end of the run is noticed.
constexpr std::chrono::milliseconds kWait{20};

class MappedGrey {
 public:
  MappedGrey(GstBuffer* buffer, const GstVideoInfo& info) {
    if (!gst_video_frame_map(&frame_, &info, buffer, GST_MAP_READ))
      throw IoError("a mask cannot be read",
                    {.expected = std::to_string(info.size) + " bytes of GRAY8",
                     .found = std::to_string(gst_buffer_get_size(buffer)) + " bytes",
                     .where = "mask"});
  }
  ~MappedGrey() { gst_video_frame_unmap(&frame_); }
  MappedGrey(const MappedGrey&) = delete;
  MappedGrey& operator=(const MappedGrey&) = delete;

  ImageView view() const {
    const auto* plane = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, 0));
    return {GST_VIDEO_FRAME_WIDTH(&frame_),
            GST_VIDEO_FRAME_HEIGHT(&frame_),
            {plane, plane, plane},
            GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, 0),
            /*pixel_stride=*/1};
  }

 private:
  GstVideoFrame frame_;
};

std::vector<float> cells_of(const ImageView& grey, const Grid& grid, GstVideoColorRange range) {
  std::vector<uint8_t> levels(static_cast<size_t>(grid.cells() * 3));
  resample(grey, ResampleFilter::kBox, packed_rgb(levels.data(), grid.width, grid.height));
  const float black = range == GST_VIDEO_COLOR_RANGE_16_235 ? 16 : 0;
  const float white = range == GST_VIDEO_COLOR_RANGE_16_235 ? 235 : 255;
  std::vector<float> cells;
  for (size_t i = 0; i < levels.size(); i += 3)
    cells.push_back(
        std::clamp((static_cast<float>(levels[i]) - black) / (white - black), 0.0f, 1.0f));
  return cells;
}

// One pass: `count` lines of `length` cells, `step` apart within a line.
std::vector<float> blurred_lines(const std::vector<float>& cells, int64_t count, int64_t length,
                                 int64_t line_step, int64_t step, double deviation) {
  const auto reach = static_cast<int64_t>(std::ceil(3 * deviation));
  std::vector<float> result(cells.size());
  for (int64_t line = 0; line < count; ++line) {
    for (int64_t i = 0; i < length; ++i) {
      double sum = 0, weights = 0;
      for (int64_t k = std::max<int64_t>(0, i - reach); k <= std::min(length - 1, i + reach); ++k) {
        const double distance = static_cast<double>(k - i) / deviation;
        const double weight = std::exp(-0.5 * distance * distance);
        sum += weight * cells[static_cast<size_t>(line * line_step + k * step)];
        weights += weight;
      }
      result[static_cast<size_t>(line * line_step + i * step)] = static_cast<float>(sum / weights);
    }
  }
  return result;
}

}  // namespace

GstClockTime running_time_of(const GstSegment& segment, GstClockTime time) {
  if (segment.format != GST_FORMAT_TIME) return GST_CLOCK_TIME_NONE;
  return gst_segment_to_running_time(&segment, GST_FORMAT_TIME, time);
}

std::vector<float> blurred(const std::vector<float>& cells, const Grid& grid, double deviation) {
  if (deviation <= 0) return cells;
  const auto rows = blurred_lines(cells, grid.height, grid.width, grid.width, 1, deviation);
  return blurred_lines(rows, grid.width, grid.height, 1, grid.width, deviation);
}

MaskPad::MaskPad(GstElement* element, GstPadTemplate* pads, const char* name)
    : pad_(element, pads, name, this) {}

void MaskPad::clear() {
  now_ = {};
  next_ = {};
  cells_.clear();
  reached_ = known_ = 0;
  gst_segment_init(&segment_, GST_FORMAT_TIME);
}

void MaskPad::flush(bool flushing) {
  const std::lock_guard lock(mutex_);
  state_ = {.is_flushing = flushing};
  clear();
  changed_.notify_all();
}

void MaskPad::reach(GstClockTime running_time) {
  const std::lock_guard lock(mutex_);
  reached_ = running_time;
  changed_.notify_all();
}

void MaskPad::forget() {
  reach(0);
}

void MaskPad::take_event(GstEvent* event) {
  const std::unique_lock lock(mutex_);
  state_.follow(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      gst_video_info_from_caps(&info_, caps);
      break;
    }
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &segment_);
      break;
    case GST_EVENT_GAP: {
      GstClockTime begin = 0, duration = GST_CLOCK_TIME_NONE;
      gst_event_parse_gap(event, &begin, &duration);
      known_ =
          running_time_of(segment_, GST_CLOCK_TIME_IS_VALID(duration) ? begin + duration : begin);
      break;
    }
    case GST_EVENT_FLUSH_STOP:
      clear();
      break;
    default:
      break;
  }
  changed_.notify_all();
}

bool MaskPad::next_has_begun() const {
  return !GST_CLOCK_TIME_IS_VALID(next_.begins) || !GST_CLOCK_TIME_IS_VALID(reached_) ||
         next_.begins <= reached_;
}

GstFlowReturn MaskPad::take(BufferPtr buffer) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return state_.is_flushing || next_.buffer == nullptr || next_has_begun(); });
  if (state_.is_flushing) return GST_FLOW_FLUSHING;
  if (next_.buffer) {
    now_ = std::move(next_);
    cells_.clear();
  }
  const GstClockTime begins = running_time_of(segment_, GST_BUFFER_PTS(buffer.get()));
  next_ = {std::move(buffer), info_, begins};
  changed_.notify_all();
  return GST_FLOW_OK;
}

const std::vector<float>& MaskPad::cells(const Grid& grid) {
  if (cells_.empty() || grid_ != grid) {
    const MappedGrey grey(now_.buffer.get(), now_.info);
    cells_ = cells_of(grey.view(), grid, now_.info.colorimetry.range);
    grid_ = grid;
  }
  return cells_;
}

std::vector<float> MaskPad::at(GstClockTime running_time, const Grid& grid, bool newest,
                               const std::function<bool()>& goes_on) {
  std::unique_lock lock(mutex_);
  reached_ = running_time;
  changed_.notify_all();
  while (!is_released()) {
    if (next_.buffer && (now_.buffer == nullptr || next_has_begun())) {
      now_ = std::move(next_);
      next_ = {};
      cells_.clear();
      changed_.notify_all();
      // A mask without a time is shown until the next one comes.
      if (!GST_CLOCK_TIME_IS_VALID(now_.begins) || !GST_CLOCK_TIME_IS_VALID(running_time)) break;
      continue;
    }
    const bool is_known = GST_CLOCK_TIME_IS_VALID(known_) && known_ > running_time;
    if (now_.buffer && (next_.buffer || state_.has_ended || newest || is_known)) break;
    if (now_.buffer == nullptr && state_.has_ended)
      throw ConfigurationError(
          "no mask came before the end of its stream",
          {.expected = "a picture of GRAY8", .found = "none", .where = "mask"});
    if (!goes_on()) return {};
    changed_.wait_for(lock, kWait);
  }
  return is_released() ? std::vector<float>() : cells(grid);
}

}  // namespace svgen::gst
