// SPDX-License-Identifier: MIT
// Features, matched with latents by index.
#include "svgtrain/feature_pad.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/batch_meta.h"
#include "common/tensor_memory.h"
#include "svgen/engine.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

constexpr std::chrono::seconds kLongestWait{60};
constexpr std::chrono::milliseconds kTick{20};  // how soon the end of the run is noticed

}  // namespace

FeaturePad::FeaturePad(GstElement* element, GstPadTemplate* pads, const char* name)
    : pad_(element, pads, name, this) {}

void FeaturePad::interrupt(bool interrupted) {
  const std::lock_guard lock(mutex_);
  is_interrupted_ = interrupted;
  changed_.notify_all();
}

void FeaturePad::finish() {
  const std::lock_guard lock(mutex_);
  is_finished_ = true;
  features_.clear();
  changed_.notify_all();
}

void FeaturePad::begin(int64_t wanted, size_t batch) {
  const std::lock_guard lock(mutex_);
  most_ = std::max(kMost, 2 * batch);
  is_finished_ = false;
  wanted_ = wanted;
  features_.erase(features_.begin(), features_.lower_bound(wanted));
  changed_.notify_all();
}

void FeaturePad::seek() {
  const std::lock_guard lock(mutex_);
  sought_ = wanted_;
}

void FeaturePad::flush(bool begins) {
  const std::lock_guard lock(mutex_);
  state_ = {.is_flushing = begins};
  features_.clear();
  stream_.reset();
  counted_ = wanted_ = 0;
  sought_ = -1;
  is_finished_ = false;
  changed_.notify_all();
}

// The number of images in a buffer may change, nothing else.
void FeaturePad::take_caps(TensorStream stream) {
  if (stream_ && !have_equal_rows(*stream_, stream))
    throw ShapeError("the features change their shape within a stream",
                     {.expected = stream_->text(), .found = stream.text(), .where = "features"});
  stream_ = std::move(stream);
}

void FeaturePad::take_event(GstEvent* event) {
  const std::lock_guard lock(mutex_);
  state_.follow(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      take_caps(TensorStream::parse(caps));
      break;
    }
    case GST_EVENT_FLUSH_STOP:
      features_.clear();
      if (sought_ >= 0) counted_ = std::exchange(sought_, -1);
      break;
    default:
      break;
  }
  changed_.notify_all();
}

GstFlowReturn FeaturePad::take(BufferPtr buffer) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return state_.is_flushing || is_finished_ || features_.size() < most_; });
  if (state_.is_flushing) return GST_FLOW_FLUSHING;
  if (is_finished_) return GST_FLOW_EOS;
  if (!stream_) return GST_FLOW_NOT_NEGOTIATED;
  const int64_t images = real_images(buffer.get(), stream_->batch);
  std::vector<ImageFacts> facts = image_facts(buffer.get(), static_cast<size_t>(images));
  const Tensor all = to_host(tensors_of(buffer.get(), *stream_)[0]);
  for (int64_t i = 0; i < images; ++i) {
    const int64_t number = facts[static_cast<size_t>(i)].index;
    const int64_t index = number < 0 ? counted_ : number;
    ++counted_;
    if (index >= wanted_) features_[index] = all.rows(i, 1);
  }
  changed_.notify_all();
  return GST_FLOW_OK;
}

int64_t FeaturePad::channels(const std::function<bool()>& goes_on) {
  if (!gst_pad_is_linked(pad()))
    throw ConfigurationError(
        "the pad for features is not linked: link it, or do not ask for it",
        {.expected = "a stream of features", .found = "none", .where = "features"});
  const auto last = std::chrono::steady_clock::now() + kLongestWait;
  std::unique_lock lock(mutex_);
  while (!stream_ && !state_.has_ended && std::chrono::steady_clock::now() < last) {
    if (!goes_on()) return 0;
    changed_.wait_for(lock, kTick);
  }
  if (!stream_)
    throw ConfigurationError(
        "no features came: both streams of a training need a queue of their own",
        {.expected = "caps of features within a minute",
         .found = state_.has_ended ? "the end of their stream" : "none",
         .where = "features"});
  const bool has_two = stream_->entries.size() == 2 && !stream_->entries[1].is_label;
  if (has_two || stream_->entries[0].is_label)
    throw ShapeError("the features are those of one encoder: features=semantic of svgencode",
                     {.expected = "one tensor, and labels perhaps",
                      .found = stream_->text(),
                      .where = "features"});
  return stream_->entries[0].channels;
}

Tensor FeaturePad::take(int64_t index) {
  std::unique_lock lock(mutex_);
  wanted_ = index;
  features_.erase(features_.begin(), features_.lower_bound(index));
  changed_.notify_all();
  changed_.wait(lock, [&] {
    return is_interrupted_ || pad_.is_released() || state_.has_ended ||
           (!features_.empty() && features_.rbegin()->first >= index);
  });
  if (is_interrupted_) return {};
  const auto found = features_.find(index);
  if (found == features_.end())
    throw ConfigurationError(
        "the features are not those of the latents: both streams are of the same images, in the "
        "same order",
        {.expected = "features of image " + std::to_string(index),
         .found = features_.empty()
                      ? "the end of their stream"
                      : "those of image " + std::to_string(features_.begin()->first) + " next",
         .where = "features"});
  Tensor taken = found->second;
  features_.erase(found);
  wanted_ = index + 1;
  changed_.notify_all();
  return taken;
}

}  // namespace svgen::gst
