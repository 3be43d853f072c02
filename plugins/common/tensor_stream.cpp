// SPDX-License-Identifier: MIT
// Tensor caps, read and written.
#include "common/tensor_stream.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "common/tensor_memory.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::gst {
namespace {

constexpr int64_t kMaxTokens = 1 << 20;
constexpr int64_t kMaxChannels = 1 << 16;
constexpr int64_t kMaxBatch = 1 << 16;

[[noreturn]] void refuse(const GstCaps* caps, const std::string& expected,
                         const std::string& found) {
  throw ShapeError("the tensor stream cannot be used: " + found,
                   {.expected = expected, .found = caps_text(caps), .where = "caps"});
}

std::vector<std::string> split(const std::string& text, const char* separators) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find_first_of(separators, start), text.size());
    const size_t first = text.find_first_not_of(' ', start);
    parts.push_back(first < end ? text.substr(first, end - first) : "");
    start = end + 1;
  }
  return parts;
}

std::string field_text(const GstCaps* caps, const char* field) {
  const char* text = gst_structure_get_string(gst_caps_get_structure(caps, 0), field);
  if (text == nullptr)
    refuse(caps, std::string(field) + " as a string", std::string("no ") + field);
  return text;
}

// "392:256:4:1" -> {392, 256, 4}: trailing ones beyond rank 3 say nothing.
std::vector<int64_t> parse_dimensions(const GstCaps* caps, const std::string& text) {
  std::vector<int64_t> sizes;
  for (const std::string& part : split(text, ":")) {
    int64_t size = 0;
    const auto [end, status] = std::from_chars(part.data(), part.data() + part.size(), size);
    if (status != std::errc() || end != part.data() + part.size() || size < 1)
      refuse(caps, "dimensions of positive numbers such as 392:256:4", "dimensions " + text);
    sizes.push_back(size);
  }
  while (sizes.size() > 3 && sizes.back() == 1) sizes.pop_back();
  return sizes;
}

Grid parse_grid(const GstCaps* caps, int64_t tokens) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  gint width = 0, height = 0;
  const bool has_width = gst_structure_get_int(structure, "grid-width", &width) != FALSE;
  const bool has_height = gst_structure_get_int(structure, "grid-height", &height) != FALSE;
  if (has_width != has_height) refuse(caps, "both grid-width and grid-height", "only one of them");
  if (has_width) {
    if (width < 1 || height < 1 || int64_t{width} * height != tokens) {
      refuse(caps, "grid-width * grid-height = " + std::to_string(tokens) + " tokens",
             std::to_string(width) + " * " + std::to_string(height));
    }
    return {height, width};
  }
  const int64_t side = std::llround(std::sqrt(static_cast<double>(tokens)));
  if (side * side != tokens) {
    refuse(caps, "a square number of tokens, or the fields grid-width and grid-height",
           std::to_string(tokens) + " tokens are not a square grid");
  }
  return {side, side};
}

void parse_entry(const GstCaps* caps, const std::string& dimensions, const std::string& type,
                 TensorStream& stream) {
  std::vector<int64_t> sizes = parse_dimensions(caps, dimensions);
  TensorStream::Entry entry;
  entry.dtype = parse_dtype(type);
  entry.is_label = entry.dtype == DType::kInt64;
  if (entry.is_label)
    while (sizes.size() > 2 && sizes.back() == 1) sizes.pop_back();
  sizes.resize(entry.is_label ? 2 : std::max<size_t>(sizes.size(), 3), 1);
  const int64_t tokens = entry.is_label ? stream.grid.cells() : sizes[1];
  const int64_t batch = sizes.back();
  if (sizes.size() > 3 || sizes[0] > kMaxChannels || tokens > kMaxTokens || batch > kMaxBatch ||
      (entry.is_label && (sizes[0] != 1 || stream.entries.empty()))) {
    refuse(caps, "feature dimensions CHANNELS:TOKENS:BATCH, then label dimensions 1:BATCH",
           "dimensions " + dimensions);
  }
  entry.channels = sizes[0];
  if (stream.entries.empty()) {
    stream.batch = batch;
    stream.grid = parse_grid(caps, tokens);
  } else if (batch != stream.batch || tokens != stream.grid.cells()) {
    refuse(caps, "tensors of the same batch and tokens", "dimensions " + dimensions);
  }
  stream.entries.push_back(entry);
}

}  // namespace

bool TensorStream::operator==(const TensorStream& other) const {
  return gst_caps_is_equal(caps(false).get(), other.caps(false).get()) != FALSE;
}

Shape TensorStream::shape_of(const Entry& entry) const {
  if (entry.is_label) return {batch};
  return {batch, grid.cells(), entry.channels};
}

gsize TensorStream::bytes_of(const Entry& entry) const {
  gsize bytes = element_size(entry.dtype);
  for (const int64_t size : shape_of(entry)) bytes *= static_cast<gsize>(size);
  return bytes;
}

std::string TensorStream::text() const {
  const auto text_of = [this](const Entry& entry) {
    std::ostringstream out;
    if (entry.is_label)
      out << "1:" << batch << " labels";
    else
      out << entry.channels << ":" << grid.cells() << ":" << batch << " (" << batch << " images of "
          << grid.width << "x" << grid.height << " tokens of " << entry.channels << " channels, "
          << dtype_name(entry.dtype) << ")";
    return out.str();
  };
  return svgen::joined(entries, ", ", text_of);
}

CapsPtr TensorStream::caps(bool tensor_memory) const {
  std::string dimensions, types;
  for (const Entry& entry : entries) {
    const std::string comma = dimensions.empty() ? "" : ",";
    const std::string tokens = entry.is_label ? "" : std::to_string(grid.cells()) + ":";
    dimensions += comma + std::to_string(entry.channels) + ":" + tokens + std::to_string(batch);
    types += comma + dtype_name(entry.dtype);
  }
  CapsPtr caps(gst_caps_new_simple("other/tensors", "format", G_TYPE_STRING, "static",
                                   "num_tensors", G_TYPE_INT, static_cast<gint>(entries.size()),
                                   "dimensions", G_TYPE_STRING, dimensions.c_str(), "types",
                                   G_TYPE_STRING, types.c_str(), "framerate", GST_TYPE_FRACTION,
                                   rate.numerator, rate.denominator, nullptr));
  if (grid.width != grid.height) {
    gst_caps_set_simple(caps.get(), "grid-width", G_TYPE_INT, static_cast<gint>(grid.width),
                        "grid-height", G_TYPE_INT, static_cast<gint>(grid.height), nullptr);
  }
  if (tensor_memory)
    gst_caps_set_features_simple(caps.get(), gst_caps_features_new(kTensorFeature, nullptr));
  return caps;
}

TensorStream TensorStream::parse(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const std::string format = field_text(caps, "format");
  if (format != "static") refuse(caps, "format=static", "format=" + format);
  const std::vector<std::string> dimensions = split(field_text(caps, "dimensions"), ",.");
  const std::vector<std::string> types = split(field_text(caps, "types"), ",.");
  gint count = 0;
  if (!gst_structure_get_int(structure, "num_tensors", &count) || count < 1 || count > 2 ||
      dimensions.size() != static_cast<size_t>(count) || types.size() != dimensions.size()) {
    refuse(caps, "num_tensors=(int) 1 or 2 with as many dimensions and types",
           "the counts do not agree");
  }
  TensorStream stream;
  for (size_t i = 0; i < dimensions.size(); ++i) parse_entry(caps, dimensions[i], types[i], stream);
  gst_structure_get_fraction(structure, "framerate", &stream.rate.numerator,
                             &stream.rate.denominator);
  return stream;
}

bool have_equal_rows(const TensorStream& a, const TensorStream& b) {
  const TensorStream::Entry &first = a.entries.front(), &other = b.entries.front();
  return a.grid == b.grid && first.channels == other.channels && first.dtype == other.dtype;
}

CapsPtr offered_caps(const TensorStream& stream) {
  CapsPtr caps = stream.caps(false);
  gst_caps_append(caps.get(), stream.caps(true).release());
  return caps;
}

bool peer_takes_tensor_memory(GstPad* source) {
  const CapsPtr peer(gst_pad_peer_query_caps(source, nullptr));
  if (!peer || gst_caps_is_any(peer.get())) return false;
  for (guint i = 0; i < gst_caps_get_size(peer.get()); ++i) {
    GstCapsFeatures* features = gst_caps_get_features(peer.get(), i);
    if (!gst_caps_features_is_any(features) && gst_caps_features_contains(features, kTensorFeature))
      return true;
  }
  return false;
}

GstFlowReturn flow_of_refused_caps(GstPad* source) {
  const PadPtr peer(gst_pad_get_peer(source));
  const bool stops = GST_PAD_IS_FLUSHING(source) || (peer && GST_PAD_IS_FLUSHING(peer.get()));
  return stops ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
}

}  // namespace svgen::gst
