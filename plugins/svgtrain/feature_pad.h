// SPDX-License-Identifier: MIT
// The sink pad for features of the images that a trainer of latents gets.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "common/request_pad.h"
#include "common/tensor_stream.h"
#include "svgen/tensor.h"

namespace svgen::gst {

/// Keeps features until their images are asked for, by index. Whoever brings more than `kMost`
/// images ahead, or two batches, waits. The stream counts its images itself where they have no
/// index, and they come in rising order, as those of the latents do.
class FeaturePad {
 public:
  static constexpr size_t kMost = 256;

  /// Adds the pad to the element. It lives as long as this.
  FeaturePad(GstElement* element, GstPadTemplate* pads, const char* name);

  GstPad* pad() const { return pad_.get(); }
  /// Takes the pad from the element, for good: whoever waits for features gets an error.
  void release() { pad_.release(); }

  /// Interrupts those who wait in take(), until `interrupted` is false again.
  void interrupt(bool interrupted);
  /// Says that no image is wanted any more.
  void finish();
  /// A training begins that wants this image first, in batches of so many.
  void begin(int64_t wanted, size_t batch);
  /// A seek to the wanted image was sent.
  void seek();

  /// Waits for the stream's caps and returns the channels of its features; 0 when `goes_on` said
  /// false. ConfigurationError where the pad is not linked or none came in a minute, ShapeError for
  /// latents or labels.
  int64_t channels(const std::function<bool()>& goes_on);
  /// Waits for an image and takes its features (1, T, F) from here; undefined when interrupted.
  /// ConfigurationError where the stream went past it or ended, or the pad was released.
  Tensor take(int64_t index);

 private:
  friend RequestPad<FeaturePad>;
  GstFlowReturn take(BufferPtr buffer);
  void take_event(GstEvent* event);
  void take_caps(TensorStream stream);
  void flush(bool begins);

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by it.
  std::optional<TensorStream> stream_;
  std::map<int64_t, Tensor> features_;
  size_t most_ = kMost;  // images that are kept
  int64_t wanted_ = 0;   // images before it are dropped
  int64_t counted_ = 0;  // images that came
  int64_t sought_ = -1;  // where our seek goes, until it has arrived
  bool is_interrupted_ = false, is_finished_ = false;
  PadState state_;

  RequestPad<FeaturePad> pad_;  // the last to come and the first to go
};

}  // namespace svgen::gst
