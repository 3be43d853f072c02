// SPDX-License-Identifier: MIT
// Reads and writes the caps of a tensor stream.
//
// Caps are NNStreamer's static tensors: dimensions innermost first, feature tensors always rank 3
// ("392:256:4" is 4 images of 256 tokens of 392 channels), labels rank 2 ("1:4").
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "common/handles.h"
#include "common/properties.h"
#include "svgen/card.h"
#include "svgen/tensor.h"

namespace svgen::gst {

struct TensorStream {
  struct Entry {
    int64_t channels = 0;
    DType dtype = DType::kFloat32;
    bool is_label = false;  // one int64 per image instead of tokens
  };

  std::vector<Entry> entries;
  int64_t batch = 1;
  Grid grid;            // tokens of one image
  Fraction rate{0, 1};  // buffers per second; 0/1 without a clock

  bool operator==(const TensorStream& other) const;

  /// Returns the shape, outermost first: (batch, tokens, channels), or (batch) for labels.
  Shape shape_of(const Entry& entry) const;
  gsize bytes_of(const Entry& entry) const;

  /// Returns "other/tensors 392:256:4 (4 images of 16x16 tokens of 392 channels, float32)".
  std::string text() const;

  /// Returns the caps, with system memory or with memory:SVGTensor.
  CapsPtr caps(bool tensor_memory) const;

  /// Reads fixed caps. Accepts the 2-, 3- and 4-rank spellings of the same dimensions and both
  /// separators. Throws ShapeError that says which field is wrong.
  static TensorStream parse(const GstCaps* caps);
};

/// Whether the rows of both streams' first tensors are alike, whatever their batches and rates.
bool have_equal_rows(const TensorStream& a, const TensorStream& b);

/// The template caps of tensor pads. Sinks list memory:SVGTensor first, which is how a source knows
/// that its peer means it; sources list system memory first, for peers that take anything.
inline constexpr const char* kTensorSinkCaps =
    "other/tensors(memory:SVGTensor), format=(string)static, num_tensors=(int)[1,2], "
    "framerate=(fraction)[0/1,max]; "
    "other/tensors, format=(string)static, num_tensors=(int)[1,2], framerate=(fraction)[0/1,max]";
inline constexpr const char* kTensorSourceCaps =
    "other/tensors, format=(string)static, num_tensors=(int)[1,2], framerate=(fraction)[0/1,max]; "
    "other/tensors(memory:SVGTensor), format=(string)static, num_tensors=(int)[1,2], "
    "framerate=(fraction)[0/1,max]";

/// Returns both spellings of a stream's caps, system memory first, for caps queries.
CapsPtr offered_caps(const TensorStream& stream);

/// Returns true when the peer of a source pad names memory:SVGTensor in its caps (not merely ANY).
bool peer_takes_tensor_memory(GstPad* source);

/// Returns the flow after the peer refused new caps: GST_FLOW_FLUSHING where one of the two pads is
/// being shut down, GST_FLOW_NOT_NEGOTIATED else.
GstFlowReturn flow_of_refused_caps(GstPad* source);

}  // namespace svgen::gst
