// SPDX-License-Identifier: MIT
// Tests of svgtraindiffusion alone: latents, labels, and batches cut to its own size.
#include "support.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

const std::string kEncoded = "svgscenesrc num-images=6 ! svgencode batch-size=2 ! ";

TEST(SvgTrainDiffusion, RefusesFeaturesThatAreNotAligned) {
  EXPECT_THAT(first_error(kEncoded + "svgtraindiffusion"), HasSubstr("svgalign"));
}

TEST(SvgTrainDiffusion, BatchesDoNotDependOnTheBuffers) {
  const std::string trainer = "svgtraindiffusion batch-size=3 max-steps=2";
  const double whole =
      last_loss("svgscenesrc num-images=6 ! svgencode batch-size=3 ! svgalign ! " + trainer);
  EXPECT_EQ(last_loss(kEncoded + "svgalign ! " + trainer), whole);
  EXPECT_EQ(last_loss(kEncoded + "svgalign labels=true ! " + trainer), whole);
}

TEST(SvgTrainDiffusion, NormalizedLatentsAreTakenAsTheyAre) {
  const double plain = last_loss(kEncoded + "svgalign ! svgtraindiffusion batch-size=6");
  const double normalized = last_loss(
      kEncoded + "svgalign normalize=true ! svgtraindiffusion normalized=true batch-size=6");
  EXPECT_NEAR(plain, normalized, 1e-5);
}

TEST(SvgTrainDiffusion, TrainsFromACache) {
  const ScratchFolder folder;
  const std::string raw = (folder.path() / "l.raw").string();
  ASSERT_TRUE(Pipeline(kEncoded + "svgalign labels=true ! svglatentsink location=" + raw).run());
  Pipeline pipeline("svglatentsrc location=" + raw +
                    " epochs=-1 shuffle=true ! svgtraindiffusion model=mini batch-size=4 "
                    "max-steps=3");
  EXPECT_TRUE(pipeline.run());
}

TEST(SvgTrainDiffusion, RefusesLabelsBeyondTheClasses) {
  const ScratchFolder folder;
  Tensor latents = Tensor::empty(DType::kFloat32, {1, kTokens, kLatent});
  std::fill_n(latents.data_as<float>(), latents.element_count(), 0.f);
  const HarnessPtr h = harness("svgtraindiffusion model=mini batch-size=1");
  gst_harness_set_src_caps_str(
      h.get(),
      "other/tensors, format=(string)static, num_tensors=(int)1, dimensions=(string)152:64:1, "
      "types=(string)float32, framerate=(fraction)0/1");
  BufferPtr buffer(gst_buffer_new());
  gst_buffer_append_memory(buffer.get(), tensor_memory_new(latents));
  set_image_facts(buffer.get(), {{.index = 0, .label = 16}});
  EXPECT_EQ(gst_harness_push(h.get(), buffer.release()), GST_FLOW_ERROR);
}

}  // namespace
}  // namespace svgen::gst::testing
