// SPDX-License-Identifier: MIT
// Tests of the message svg-preview.
#include "svg/preview.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

TEST(PreviewMessage, HoldsLatentsThatAPipelineTakes) {
  const ElementPtr element = made("fakesink");
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(element.get(), bus);
  TensorStream stream;
  stream.entries = {{2}};
  stream.batch = 3;
  stream.grid = {2, 2};
  const Tensor latents = Tensor::empty(DType::kFloat32, {3, 4, 2});
  std::fill_n(latents.data_as<float>(), 24, 0.5f);
  post_preview(element.get(), stream, {.image = 1, .step = 4, .steps = 9, .latents = latents}, 71);
  const MessagePtr message(gst_bus_pop(bus));
  ASSERT_TRUE(message);
  const GstStructure* facts = gst_message_get_structure(message.get());
  EXPECT_TRUE(gst_structure_has_name(facts, "svg-preview"));
  gint64 index = 0, step = 0, steps = 0;
  GstSample* sample = nullptr;
  ASSERT_TRUE(gst_structure_get(facts, "image-index", G_TYPE_INT64, &index, "step", G_TYPE_INT64,
                                &step, "steps", G_TYPE_INT64, &steps, "sample", GST_TYPE_SAMPLE,
                                &sample, nullptr));
  EXPECT_EQ(index, 71);
  EXPECT_EQ(step, 4);
  EXPECT_EQ(steps, 9);
  EXPECT_TRUE(TensorStream::parse(gst_sample_get_caps(sample)) == stream);
  const std::vector<Tensor> tensors = tensors_of(gst_sample_get_buffer(sample), stream);
  EXPECT_EQ(largest_difference(tensors.at(0), latents), 0);
  gst_sample_unref(sample);
  gst_element_set_bus(element.get(), nullptr);
  gst_object_unref(bus);
}

}  // namespace
}  // namespace svgen::gst::testing
