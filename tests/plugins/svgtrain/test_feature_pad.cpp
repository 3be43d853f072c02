// SPDX-License-Identifier: MIT
// Tests of the pad "features" of svgtraindiffusion: matched by index, refused, interrupted.
#include "support.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

const std::string kEncoded = "svgscenesrc num-images=6 ! svgencode batch-size=2 ! ";

// Latents and features of the same six images, by their own branches.
std::string aligned_with_features(const std::string& trainer, const std::string& features) {
  return "svgscenesrc num-images=6 ! tee name=t svgtraindiffusion name=d batch-size=3 " + trainer +
         " t. ! queue ! svgencode batch-size=2 ! svgalign ! d. "
         " t. ! queue ! svgencode features=semantic " +
         features + " ! d.features";
}

TEST(FeaturePad, AlignsTokensWithFeaturesOfTheSameImages) {
  const std::string small = "repa-weight=0.5 repa-depth=2 repa-width=16 max-steps=2";
  const double together = last_loss(aligned_with_features(small, "batch-size=2"));
  EXPECT_EQ(last_loss(aligned_with_features(small, "batch-size=5")), together);
  EXPECT_NE(last_loss("svgscenesrc num-images=6 ! svgencode batch-size=3 ! svgalign ! "
                      "svgtraindiffusion batch-size=3 max-steps=2"),
            together);
}

// The error of the trainer; sources upstream add their own.
std::string trainer_error(const std::string& line) {
  Pipeline pipeline(line);
  EXPECT_FALSE(pipeline.run()) << line;
  for (const PostedError& error : pipeline.errors())
    if (error.source == "d") return error.debug;
  return "";
}

TEST(FeaturePad, FeaturesOfOtherImagesAreRefused) {
  const auto line = [](const std::string& features) {
    return "svgtraindiffusion name=d batch-size=3 repa-weight=0.5 repa-depth=2 repa-width=16 "
           "svgscenesrc num-images=6 ! svgencode batch-size=2 ! svgalign ! queue ! d. " +
           features + " ! queue ! d.features";
  };
  // Fewer images, images that begin later, and something else than features.
  EXPECT_THAT(trainer_error(line("svgscenesrc num-images=2 ! svgencode features=semantic")),
              HasSubstr("the end of their stream"));
  EXPECT_THAT(
      trainer_error(line("svgscenesrc num-images=9 first-index=3 ! svgencode features=semantic")),
      HasSubstr("those of image 3 next"));
  EXPECT_THAT(trainer_error(line("svgscenesrc num-images=6 ! svgencode")),
              HasSubstr("features=semantic"));
}

struct Stored {
  std::string latents, features;
};

// Stores six latents, and the features of so many images.
Stored stored(const ScratchFolder& folder, int features) {
  const Stored files{(folder.path() / "l.raw").string(), (folder.path() / "f.raw").string()};
  EXPECT_TRUE(
      Pipeline(kEncoded + "svgalign labels=true ! svglatentsink location=" + files.latents).run());
  EXPECT_TRUE(Pipeline("svgscenesrc num-images=" + std::to_string(features) +
                       " ! svgencode features=semantic ! svglatentsink location=" + files.features)
                  .run());
  return files;
}

TEST(FeaturePad, StoredFeaturesFollowOneAnotherAsTheLatentsDo) {
  const ScratchFolder folder;
  const auto [latents, features] = stored(folder, 4);
  EXPECT_THAT(trainer_error("svgtraindiffusion name=d model=mini batch-size=2 repa-weight=0.5 "
                            "repa-depth=2 repa-width=16 svglatentsrc epochs=-1 location=" +
                            latents + " ! queue ! d. svglatentsrc epochs=-1 location=" + features +
                            " ! queue ! d.features"),
              HasSubstr("4 images"));
}

TEST(FeaturePad, BuffersWithoutCapsAreRefused) {
  const ScratchFolder folder;
  const std::string file = folder.write("bytes", std::string(1000, 'a')).string();
  Pipeline pipeline(
      "svgtraindiffusion name=d batch-size=2 repa-weight=0.5 "
      "svgscenesrc num-images=4 ! svgencode ! svgalign ! queue ! d. "
      "filesrc location=" +
      file + " ! queue ! d.features");
  EXPECT_FALSE(pipeline.run());
}

TEST(FeaturePad, ALargeBatchFindsItsFeatures) {
  const std::string small = "repa-weight=0.5 repa-depth=1 repa-width=16 max-steps=1 batch-size=300";
  EXPECT_GT(last_loss("svgscenesrc num-images=300 ! tee name=t svgtraindiffusion name=d " + small +
                      " t. ! queue ! svgencode batch-size=50 ! svgalign ! d. "
                      " t. ! queue ! svgencode features=semantic batch-size=50 ! d.features"),
            0);
}

TEST(FeaturePad, FeaturesWithoutAUseAreRefused) {
  EXPECT_THAT(trainer_error(aligned_with_features("", "")), HasSubstr("repa-weight"));
}

TEST(FeaturePad, ATrainingWithFeaturesGoesOnAtItsImage) {
  const ScratchFolder folder;
  const auto [latents, features] = stored(folder, 6);
  const auto line = [&, latents = latents, features = features](const std::string& checkpoint,
                                                                int steps) {
    return "svgtraindiffusion name=d model=mini batch-size=4 repa-weight=0.5 repa-depth=2 "
           "repa-width=16 resume=true checkpoint=" +
           (folder.path() / checkpoint).string() + " max-steps=" + std::to_string(steps) +
           " svglatentsrc epochs=-1 shuffle=true location=" + latents + " ! queue ! d. " +
           "svglatentsrc epochs=-1 shuffle=true location=" + features + " ! queue ! d.features";
  };
  const double whole = last_loss(line("whole", 4));
  last_loss(line("broken", 2));
  EXPECT_EQ(last_loss(line("broken", 4)), whole);
}

TEST(FeaturePad, APauseWhileItWaitsLosesNothing) {
  Pipeline pipeline(aligned_with_features("repa-weight=0.5 repa-depth=2 repa-width=16 max-steps=2",
                                          "batch-size=2 ! identity sleep-time=400000"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  for (int i = 0; i < 3; ++i) {
    g_usleep(250000);
    ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  }
  EXPECT_TRUE(pipeline.wait_for_end());
  gint64 step = 0;
  gst_structure_get_int64(pipeline.messages_named("svg-train-stats").back(), "step", &step);
  EXPECT_EQ(step, 2);
}

TEST(FeaturePad, StopsWhileItWaitsForFeatures) {
  Pipeline pipeline(
      "svgtraindiffusion name=d batch-size=3 repa-weight=0.5 "
      "svgscenesrc ! svgencode batch-size=2 ! svgalign ! queue ! d. "
      "appsrc is-live=true ! queue ! d.features");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_usleep(300000);
  const gint64 start = g_get_monotonic_time();
  pipeline.stop();
  EXPECT_LT(g_get_monotonic_time() - start, 2 * G_USEC_PER_SEC);
}

}  // namespace
}  // namespace svgen::gst::testing
