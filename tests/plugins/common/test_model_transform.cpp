// SPDX-License-Identifier: MIT
// Tests of the transforms' base class: which memory is passed on, which caps are accepted.
#include "common/model_transform.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

// Keeps the tensors, and the caps, that pass a pad.
class PadWatch {
 public:
  PadWatch(const Pipeline& pipeline, const char* element, const char* pad)
      : pad_(gst_element_get_static_pad(pipeline.element(element), pad)) {
    const auto note = [](GstPad* from, GstPadProbeInfo* info, gpointer self) {
      auto* watch = static_cast<PadWatch*>(self);
      const CapsPtr current(gst_pad_get_current_caps(from));
      watch->caps = caps_text(current.get());
      GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
      for (const Tensor& tensor : tensors_of(buffer, TensorStream::parse(current.get())))
        watch->kept.push_back(tensor);
      return GST_PAD_PROBE_OK;
    };
    gst_pad_add_probe(pad_, GST_PAD_PROBE_TYPE_BUFFER, note, this, nullptr);
  }
  ~PadWatch() { gst_object_unref(pad_); }
  PadWatch(const PadWatch&) = delete;
  PadWatch& operator=(const PadWatch&) = delete;

  std::string caps;
  std::vector<Tensor> kept;

 private:
  GstPad* pad_;
};

TEST(ModelTransform, LinksInsideTheSuiteMoveNoBytes) {
  Pipeline pipeline(video(2) +
                    " ! svgencode name=e batch-size=2 ! queue ! svgalign name=a ! svgdecode "
                    "name=d ! fakesink");
  PadWatch encoded(pipeline, "e", "src"), aligned(pipeline, "a", "sink");
  PadWatch latent(pipeline, "a", "src"), decoded(pipeline, "d", "sink");
  ASSERT_TRUE(pipeline.run());
  EXPECT_THAT(encoded.caps, HasSubstr("memory:SVGTensor"));
  EXPECT_THAT(decoded.caps, HasSubstr("memory:SVGTensor"));
  ASSERT_EQ(encoded.kept.size(), 2u);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(encoded.kept[i].data(), aligned.kept[i].data());
  ASSERT_EQ(latent.kept.size(), 1u);
  EXPECT_EQ(latent.kept[0].data(), decoded.kept[0].data());
}

TEST(ModelTransform, AFakesinkGetsSystemMemory) {
  Pipeline pipeline("svgdiffuse steps=1 num-images=1 name=g ! fakesink");
  const PadWatch watch(pipeline, "g", "src");
  ASSERT_TRUE(pipeline.run());
  EXPECT_THAT(watch.caps, ::testing::Not(HasSubstr("SVGTensor")));
  EXPECT_THAT(watch.caps, HasSubstr("float32"));
}

TEST(ModelTransform, AnAppThatNamesTheFeatureGetsTensors) {
  Pipeline pipeline(
      "svgdiffuse steps=1 num-images=1 ! appsink name=out sync=false "
      "caps=\"other/tensors(memory:SVGTensor),format=static\"");
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> samples = pipeline.take_samples();
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_TRUE(samples[0].is_tensor_memory());
  EXPECT_EQ(samples[0].tensors()[0].shape(), (Shape{1, kTokens, kLatent}));
}

TEST(ModelTransform, AnAppThatTakesBothGetsTensors) {
  Pipeline pipeline(
      video(1) +
      " ! svgencode ! svgalign ! appsink name=out sync=false "
      "caps=\"other/tensors,format=static;other/tensors(memory:SVGTensor),format=static\"");
  ASSERT_TRUE(pipeline.run());
  EXPECT_TRUE(pipeline.take_samples().at(0).is_tensor_memory());
}

TEST(ModelTransform, AnAppThatNamesSystemMemoryGetsThat) {
  Pipeline pipeline(video(1) +
                    " ! svgencode ! svgalign ! appsink name=out sync=false caps=other/tensors");
  ASSERT_TRUE(pipeline.run());
  EXPECT_FALSE(pipeline.take_samples().at(0).is_tensor_memory());
}

TEST(ModelTransform, ATeeWithAFileAndADecoderWorks) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "latents";
  Pipeline pipeline(
      "svgdiffuse steps=1 num-images=3 ! tee name=t ! queue ! svgdecode ! appsink "
      "name=out sync=false  t. ! queue ! filesink location=" +
      file.string());
  ASSERT_TRUE(pipeline.run());
  EXPECT_EQ(pipeline.take_samples().size(), 3u);
  EXPECT_EQ(fs::file_size(file), 3u * kTokens * kLatent * 4);
}

TEST(ModelTransform, WhatIsDumpedIsWhatTheTensorsHold) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "latents";
  const std::string line = "svgdiffuse steps=1 num-images=2 batch-size=2 seed=3";
  Pipeline dump(line + " ! filesink location=" + file.string());
  ASSERT_TRUE(dump.run());
  const std::vector<Sample> samples = samples_of(line);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].bytes(), svgen::testing::read_text(file));
}

TEST(ModelTransform, AMereQuestionAboutBadCapsPostsNothing) {
  Pipeline pipeline("svgdecode name=d ! fakesink");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_READY));
  GstPad* pad = gst_element_get_static_pad(pipeline.element("d"), "sink");
  const CapsPtr bad(gst_caps_from_string(
      "other/tensors,format=static,num_tensors=1,dimensions=(string)7:7:1,types=(string)float32,"
      "framerate=0/1"));
  const CapsPtr answer(gst_pad_query_caps(pad, bad.get()));
  gst_object_unref(pad);
  pipeline.stop();
  EXPECT_TRUE(pipeline.errors().empty());
}

TEST(ModelTransform, RefusedCapsAreOneError) {
  EXPECT_THAT(error_of(video(4) + " ! svgencode ! svgdecode ! fakesink"),
              HasSubstr("insert svgalign"));
}

TEST(ModelTransform, FeaturesOfAnotherModelAreRefusedByName) {
  const std::string error = error_of(
      "fakesrc sizetype=fixed sizemax=25600 filltype=zero num-buffers=1 ! capsfilter "
      "caps=\"other/tensors,format=static,num_tensors=1,dimensions=(string)100:64:1,"
      "types=(string)float32,framerate=0/1\" ! svgdecode ! fakesink");
  EXPECT_THAT(error, HasSubstr("152"));
  EXPECT_THAT(error, HasSubstr("100:64:1"));
}

TEST(ModelTransform, VideoCannotBeLinkedToATensorPad) {
  EXPECT_THROW(Pipeline("videotestsrc ! svgdecode ! fakesink"), std::runtime_error);
}

}  // namespace
}  // namespace svgen::gst::testing
