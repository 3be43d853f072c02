// SPDX-License-Identifier: MIT
// A sample of latents on the bus.
#include "svg/preview.h"

#include "common/handles.h"
#include "common/tensor_memory.h"

namespace svgen::gst {

void post_preview(GstElement* element, const TensorStream& stream, const Preview& preview,
                  int64_t index) {
  const BufferPtr buffer(gst_buffer_new());
  gst_buffer_append_memory(buffer.get(), tensor_memory_new(preview.latents));
  const CapsPtr caps = stream.caps(/*tensor_memory=*/false);
  GstSample* sample = gst_sample_new(buffer.get(), caps.get(), nullptr, nullptr);
  GstStructure* facts = gst_structure_new(
      "svg-preview", "image-index", G_TYPE_INT64, index, "step", G_TYPE_INT64, preview.step,
      "steps", G_TYPE_INT64, preview.steps, "sample", GST_TYPE_SAMPLE, sample, nullptr);
  gst_sample_unref(sample);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT_CAST(element), facts));
}

}  // namespace svgen::gst
