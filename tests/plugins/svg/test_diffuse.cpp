// SPDX-License-Identifier: MIT
// Tests of svgdiffuse: which images it makes. Seeks, stops and messages: test_diffuse_stream.cpp.
#include <set>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Returns the latents of each image as a string, whatever the batches were.
std::vector<std::string> images_of(const std::string& settings) {
  std::vector<std::string> images;
  for (const Sample& sample : samples_of("svgdiffuse steps=2 seed=11 " + settings)) {
    const std::string bytes = sample.bytes();
    const size_t one = bytes.size() / static_cast<size_t>(sample.stream().batch);
    for (size_t at = 0; at < bytes.size(); at += one) images.push_back(bytes.substr(at, one));
  }
  return images;
}

const std::vector<std::string>& eight() {
  static const std::vector<std::string> images = images_of("num-images=8 batch-size=1");
  return images;
}

TEST(SvgDiffuse, ImagesDiffer) {
  ASSERT_EQ(eight().size(), 8u);
  EXPECT_EQ(eight()[0].size(), kTokens * kLatent * sizeof(float));
  EXPECT_EQ(std::set<std::string>(eight().begin(), eight().end()).size(), 8u);
}

TEST(SvgDiffuse, TheBatchDoesNotChangeThem) {
  for (const char* batch : {"3", "8", "64"})
    EXPECT_TRUE(images_of("num-images=8 batch-size=" + std::string(batch)) == eight()) << batch;
}

TEST(SvgDiffuse, AResumedRunContinuesWithTheSameImages) {
  const std::vector<std::string> rest = images_of("first-index=5 num-images=3 batch-size=2");
  EXPECT_TRUE(rest == std::vector<std::string>(eight().begin() + 5, eight().end()));
}

TEST(SvgDiffuse, ARestartRepeatsThem) {
  Pipeline pipeline("svgdiffuse steps=2 seed=11 num-images=2 ! appsink name=out sync=false");
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(pipeline.run());
    const std::vector<Sample> samples = pipeline.take_samples();
    ASSERT_EQ(samples.size(), 2u);
    for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(samples[i].bytes() == eight()[i]);
  }
}

TEST(SvgDiffuse, TheSeedChangesThem) {
  EXPECT_NE(samples_of("svgdiffuse steps=2 seed=12 num-images=1 classes=1").at(0).bytes(),
            samples_of("svgdiffuse steps=2 seed=13 num-images=1 classes=1").at(0).bytes());
}

TEST(SvgDiffuse, ANumberMeansTheClassOfThatName) {
  EXPECT_TRUE(images_of("num-images=2 classes=ball,torus") ==
              images_of("num-images=2 classes=0,2"));
  EXPECT_FALSE(images_of("num-images=1 classes=0") == images_of("num-images=1 classes=1"));
}

TEST(SvgDiffuse, ClassesAreEntriesOfTheAbsoluteIndex) {
  const std::vector<Sample> samples =
      samples_of("svgdiffuse steps=1 first-index=4 num-images=2 batch-size=2 classes=7,8,9");
  const std::vector<ImageFacts> facts = image_facts(samples.at(0).buffer.get(), 2);
  EXPECT_EQ(facts[0].label, 8);
  EXPECT_EQ(facts[1].label, 9);
}

TEST(SvgDiffuse, ThePartialLastBatchRenegotiates) {
  const std::vector<Sample> samples = samples_of("svgdiffuse steps=1 num-images=5 batch-size=2");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[1].stream().batch, 2);
  EXPECT_EQ(samples[2].stream().batch, 1);
  EXPECT_EQ(GST_BUFFER_OFFSET(samples[2].buffer.get()), 4u);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(samples[2].buffer.get()), 5u);
}

TEST(SvgDiffuse, NumBuffersCountsBatches) {
  const std::vector<Sample> samples = samples_of("svgdiffuse steps=1 num-buffers=2 batch-size=3");
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[1].stream().batch, 3);
}

TEST(SvgDiffuse, NoImagesIsAnEmptyStream) {
  EXPECT_TRUE(samples_of("svgdiffuse num-images=0").empty());
}

TEST(SvgDiffuse, CapsAreTheWireFormat) {
  EXPECT_EQ(
      caps_text(samples_of("svgdiffuse steps=1 num-images=2 batch-size=2").at(0).caps.get()),
      "other/tensors, format=(string)static, num_tensors=(int)1, dimensions=(string)152:64:2, "
      "types=(string)float32, framerate=(fraction)0/1");
}

TEST(SvgDiffuse, ARateMakesTimes) {
  const std::vector<Sample> samples =
      samples_of("svgdiffuse steps=1 num-images=4 batch-size=2 framerate=10/1 first-index=3");
  EXPECT_EQ(samples.at(1).stream().rate, (Fraction{5, 1}));
  EXPECT_EQ(GST_BUFFER_PTS(samples[1].buffer.get()), 200 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_DURATION(samples[1].buffer.get()), 200 * GST_MSECOND);
  EXPECT_EQ(image_facts(samples[1].buffer.get(), 2)[1].pts, 300 * GST_MSECOND);
}

TEST(SvgDiffuse, NormalisedLatentsDecodeToTheSamePicture) {
  const auto frame = [](const std::string& generate, const std::string& decode) {
    return samples_of("svgdiffuse steps=2 num-images=1 " + generate + " ! svgdecode " + decode)
        .at(0)
        .bytes();
  };
  const std::string plain = frame("", ""), normalised = frame("normalized=true", "normalized=true");
  int largest = 0;
  for (size_t i = 0; i < plain.size(); ++i)
    largest = std::max(largest, std::abs(int(guint8(plain[i])) - int(guint8(normalised[i]))));
  EXPECT_LE(largest, 1);
  EXPECT_NE(plain, frame("normalized=true", ""));
}

TEST(SvgDiffuse, UnsetSettingsAreThoseOfTheCard) {
  EXPECT_TRUE(samples_of("svgdiffuse num-images=1").at(0).bytes() ==
              samples_of("svgdiffuse num-images=1 steps=10 shift=0.15 solver=euler "
                         "guidance=constant guidance-scale=4")
                  .at(0)
                  .bytes());
}

class SvgDiffuseSetting : public ::testing::TestWithParam<const char*> {};

TEST_P(SvgDiffuseSetting, ChangesTheImage) {
  const std::string base = "num-images=1 steps=4 classes=3 ";
  EXPECT_FALSE(images_of(base) == images_of(base + GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Settings, SvgDiffuseSetting,
                         ::testing::Values("shift=0.9", "solver=heun", "guidance-scale=1",
                                           "guidance=late", "guidance=linear",
                                           "guidance=early guidance-start=0.5",
                                           "guidance=interval guidance-start=0.2 guidance-end=0.6",
                                           "guidance=cfg-star guidance-skip=1", "normalized=true"));

class InitialNoise : public ::testing::Test {
 protected:
  std::string written(const char* name, const Shape& shape) const {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i % 17) / 8 - 1);
    write_safetensors(folder_.path() / name, "noise", shape, values);
    return (folder_.path() / name).string();
  }

  ScratchFolder folder_;
};

TEST_F(InitialNoise, RowsBelongToImages) {
  const std::string file = written("noise", {3, kTokens, kLatent});
  const std::string settings = "classes=1 initial-noise=" + file;
  const std::vector<std::string> images = images_of(settings + " num-images=3");
  EXPECT_TRUE(images_of(settings + " num-images=3 batch-size=2") == images);
  EXPECT_TRUE(images_of(settings + " num-images=3 seed=99") == images);
  EXPECT_TRUE(images_of(settings + " num-images=2 first-index=40")[1] == images[1]);
}

TEST_F(InitialNoise, FewerRowsThanImagesAreAnError) {
  const std::string file = written("noise", {2, kTokens, kLatent});
  EXPECT_THAT(error_of("svgdiffuse steps=1 num-images=3 initial-noise=" + file + " ! fakesink"),
              AllOf(HasSubstr("initial-noise"), HasSubstr("[2, 64, 152]")));
  EXPECT_THAT(error_of("svgdiffuse steps=1 initial-noise=" + file + " ! fakesink"),
              HasSubstr("too few rows"));
}

TEST_F(InitialNoise, TheWrongShapeIsAnError) {
  EXPECT_THAT(error_of("svgdiffuse steps=1 num-images=1 initial-noise=" +
                       written("noise", {1, kLatent, kTokens}) + " ! fakesink"),
              AllOf(HasSubstr("[1, 152, 64]"), HasSubstr("64, 152")));
}

TEST_F(InitialNoise, AMissingFileOrTensorIsAnError) {
  EXPECT_THAT(error_of("svgdiffuse initial-noise=/nowhere/noise.safetensors ! fakesink"),
              HasSubstr("/nowhere/noise.safetensors"));
  write_safetensors(folder_.path() / "other", "sound", {1}, {0});
  EXPECT_THAT(
      error_of("svgdiffuse initial-noise=" + (folder_.path() / "other").string() + " ! fakesink"),
      HasSubstr("noise"));
}

TEST(SvgDiffuseErrors, AWrongClassIsNamed) {
  EXPECT_THAT(error_of("svgdiffuse classes=3,16 ! fakesink"),
              AllOf(HasSubstr("\"16\""), HasSubstr("0 to 15")));
}

TEST(SvgDiffuseErrors, APeerThatTakesNoLatentsIsNamed) {
  EXPECT_THAT(error_of("svgdiffuse steps=1 num-images=1 ! capsfilter "
                       "caps=\"other/tensors,dimensions=(string)392:256:1\" ! fakesink"),
              HasSubstr("392:256:1"));
}

}  // namespace
}  // namespace svgen::gst::testing
