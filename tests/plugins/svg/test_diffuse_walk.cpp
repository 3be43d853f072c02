// SPDX-License-Identifier: MIT
// Tests of svgdiffuse on a walk, of its previews, and of what it keeps when it is stopped.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

Tensor image(const std::string& line, size_t index) {
  return samples_of(line).at(index).tensors().at(0);
}

std::vector<int64_t> labels_of(const std::string& line) {
  std::vector<int64_t> labels;
  for (const Sample& sample : samples_of(line))
    labels.push_back(image_facts(sample.buffer.get(), 1).at(0).label);
  return labels;
}

TEST(DiffuseWalk, TurningPointsAreTheImages) {
  const std::string line = "svgdiffuse steps=1 seed=2 classes=3,8 ";
  for (const char* walk : {"walk=linear", "walk=spherical"}) {
    const std::string frames = line + walk + " walk-frames=2 num-images=5";
    EXPECT_EQ(largest_difference(image(frames, 0), image(line + "num-images=1", 0)), 0);
    EXPECT_EQ(largest_difference(image(frames, 4), image(line + "first-index=2 num-images=1", 0)),
              0);
    EXPECT_GT(largest_difference(image(frames, 1), image(frames, 0)), 0.01);
  }
}

TEST(DiffuseWalk, AClassBelongsToTheFramesFromTurnToTurn) {
  EXPECT_EQ(labels_of("svgdiffuse steps=1 classes=3,8 walk=spherical walk-frames=3 num-images=7"),
            (std::vector<int64_t>{3, 3, 3, 8, 8, 8, 3}));
}

TEST(DiffuseWalk, FramesAreNumberedAndMadeInAnyBatch) {
  const std::string line = "svgdiffuse steps=1 walk=linear walk-frames=4 num-images=4";
  const std::vector<Sample> batch = samples_of(line + " batch-size=4");
  EXPECT_EQ(image_facts(batch.at(0).buffer.get(), 4).at(3).index, 3);
  EXPECT_EQ(largest_difference(batch[0].tensors().at(0).rows(3, 1), image(line, 3)), 0);
}

TEST(DiffuseWalk, GoesBetweenNoisesOfTheSeedAlone) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "noise.safetensors";
  write_safetensors(file, "noise", {1, kTokens, kLatent},
                    std::vector<float>(static_cast<size_t>(kTokens * kLatent)));
  EXPECT_THAT(error_of("svgdiffuse walk=linear num-images=1 initial-noise=" + file.string() +
                       " ! fakesink"),
              HasSubstr("walk"));
}

TEST(DiffusePreview, ComesEverySoManySteps) {
  Pipeline pipeline("svgdiffuse steps=5 num-images=2 first-index=3 preview-interval=2 ! fakesink");
  ASSERT_TRUE(pipeline.run());
  const std::vector<const GstStructure*> previews = pipeline.messages_named("svg-preview");
  ASSERT_EQ(previews.size(), 4u);
  gint64 index = 0, step = 0;
  ASSERT_TRUE(gst_structure_get_int64(previews[3], "image-index", &index));
  ASSERT_TRUE(gst_structure_get_int64(previews[3], "step", &step));
  EXPECT_EQ(index, 4);
  EXPECT_EQ(step, 4);
}

TEST(DiffusePreview, NoneComesUnlessItIsAskedFor) {
  Pipeline pipeline("svgdiffuse steps=5 num-images=2 ! fakesink");
  ASSERT_TRUE(pipeline.run());
  EXPECT_TRUE(pipeline.messages_named("svg-preview").empty());
}

// Four images of 64 cells are made together: the fifth begins when four are finished.
class Stopped : public ::testing::Test {
 protected:
  Stopped()
      : pipeline_(
            "svgdiffuse name=g steps=20 batch-size=8 num-images=8 preview-interval=19 ! "
            "appsink name=out sync=false") {}
  // Waits until the second four are under way.
  void go_half_way() {
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(pipeline_.wait_for_message("svg-preview"));
    g_usleep(100'000);
  }

  Pipeline pipeline_;
};

TEST_F(Stopped, ByTheEndOfTheStreamFinishedImagesLeave) {
  go_half_way();
  ASSERT_TRUE(gst_element_send_event(pipeline_.get(), gst_event_new_eos()));
  ASSERT_TRUE(pipeline_.wait_for_end());
  const std::vector<Sample> samples = pipeline_.take_samples();
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].stream().batch, 4);
  EXPECT_EQ(largest_difference(samples[0].tensors().at(0).rows(3, 1),
                               image("svgdiffuse steps=20 first-index=3 num-images=1", 0)),
            0);
}

TEST_F(Stopped, ByAFlushFinishedImagesAreNotMadeAgain) {
  go_half_way();
  ASSERT_TRUE(gst_element_seek(pipeline_.element("g"), 1.0, GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH,
                               GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1));
  ASSERT_TRUE(pipeline_.wait_for_end());
  const std::vector<Sample> samples = pipeline_.take_samples();
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].stream().batch, 8);
  // One preview of each half: the first half was not sampled twice.
  size_t first_half = 0;
  for (const GstStructure* preview : pipeline_.messages_named("svg-preview")) {
    gint64 index = 0;
    gst_structure_get_int64(preview, "image-index", &index);
    first_half += index == 0;
  }
  EXPECT_EQ(first_half, 1u);
}

}  // namespace
}  // namespace svgen::gst::testing
