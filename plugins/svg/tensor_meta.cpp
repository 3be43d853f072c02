// SPDX-License-Identifier: MIT
// Tensors into the meta, beside those that are there.
#include "svg/tensor_meta.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "common/tensor_memory.h"
#include "svgen/error.h"

#ifdef SVGEN_TENSOR_META
#include <gst/analytics/analytics.h>
#endif

namespace svgen::gst {
namespace {

const std::string& gstreamer_of_build() {
  static const std::string version =
      std::to_string(GST_VERSION_MAJOR) + "." + std::to_string(GST_VERSION_MINOR);
  return version;
}

}  // namespace

const char* tensor_meta_blurb() {
  static const std::string blurb =
      "Send every picture on, with its features in a GstTensorMeta, instead of batches of tensors: "
      "the source pad then has the caps of the sink pad" +
      (kHasTensorMeta
           ? ""
           : " (not in this build: needs GStreamer 1.26 with its analytics library, this "
             "build has " +
                 gstreamer_of_build() + ")");
  return blurb.c_str();
}

void require_tensor_meta() {
  if (kHasTensorMeta) return;
  throw ConfigurationError(
      "tensor-meta=true needs svgen built with GStreamer 1.26 or newer: build it there, or leave "
      "tensor-meta false and take the tensors from the source pad",
      {.expected = "GStreamer 1.26 or newer with gstreamer-analytics-1.0 when svgen is built",
       .found = "a build with GStreamer " + gstreamer_of_build() + " without it",
       .where = "tensor-meta"});
}

#ifdef SVGEN_TENSOR_META
namespace {

struct FreeTensor {
  void operator()(GstTensor* tensor) const { gst_tensor_free(tensor); }
};
using TensorPtr = std::unique_ptr<GstTensor, FreeTensor>;

GstTensorDataType data_type_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return GST_TENSOR_DATA_TYPE_FLOAT32;
    case DType::kBFloat16:
      return GST_TENSOR_DATA_TYPE_BFLOAT16;
    case DType::kFloat16:
      return GST_TENSOR_DATA_TYPE_FLOAT16;
    case DType::kFloat64:
      return GST_TENSOR_DATA_TYPE_FLOAT64;
    case DType::kInt64:
      return GST_TENSOR_DATA_TYPE_INT64;
    case DType::kInt32:
      return GST_TENSOR_DATA_TYPE_INT32;
    case DType::kUInt8:
      return GST_TENSOR_DATA_TYPE_UINT8;
  }
  throw ShapeError(
      "a tensor of this type cannot be a GstTensor",
      {.expected = "a dtype of svgen/tensor.h", .found = std::to_string(static_cast<int>(dtype))});
}

TensorPtr made(const NamedTensor& named) {
  std::vector<gsize> sizes(named.tensor.shape().begin(), named.tensor.shape().end());
  BufferPtr data(gst_buffer_new());
  gst_buffer_append_memory(data.get(), tensor_memory_new(named.tensor));
  return TensorPtr(gst_tensor_new_simple(
      g_quark_from_string(named.id), data_type_of(named.tensor.dtype()), data.release(),
      GST_TENSOR_DIM_ORDER_ROW_MAJOR, sizes.size(), sizes.data()));
}

// Copies of a picture's tensors that none of `others` replaces.
std::vector<TensorPtr> kept(GstBuffer* picture, const std::vector<NamedTensor>& others) {
  std::vector<TensorPtr> tensors;
  const GstTensorMeta* meta = gst_buffer_get_tensor_meta(picture);
  for (gsize i = 0; meta != nullptr && i < meta->num_tensors; ++i) {
    const bool is_replaced = std::any_of(others.begin(), others.end(), [&](const auto& other) {
      return g_quark_from_string(other.id) == meta->tensors[i]->id;
    });
    if (!is_replaced) tensors.emplace_back(gst_tensor_copy(meta->tensors[i]));
  }
  return tensors;
}

}  // namespace

BufferPtr with_tensors(BufferPtr picture, const std::vector<NamedTensor>& tensors) {
  // Before the picture becomes writable: where it is shared it is copied, and 1.26 loses this meta.
  std::vector<TensorPtr> all = kept(picture.get(), tensors);
  for (const NamedTensor& named : tensors) all.push_back(made(named));
  BufferPtr carrier(gst_buffer_make_writable(picture.release()));
  // Asked for first: 1.26 gives the one that is there when told to add, 1.28 adds a second.
  GstTensorMeta* meta = gst_buffer_get_tensor_meta(carrier.get());
  if (meta == nullptr) meta = gst_buffer_add_tensor_meta(carrier.get());
  auto** pointers = g_new(GstTensor*, all.size());
  for (size_t i = 0; i < all.size(); ++i) pointers[i] = all[i].release();
  gst_tensor_meta_set(meta, static_cast<guint>(all.size()), pointers);
  return carrier;
}
#else
BufferPtr with_tensors(BufferPtr picture, const std::vector<NamedTensor>&) {
  require_tensor_meta();
  return picture;
}
#endif

}  // namespace svgen::gst
