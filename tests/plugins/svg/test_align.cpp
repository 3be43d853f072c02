// SPDX-License-Identifier: MIT
// Tests of svgalign.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Tensor aligned(const std::string& settings, int frames = 1, int batch = 1) {
  const std::vector<Sample> samples =
      samples_of(video(frames) + " ! svgencode batch-size=" + std::to_string(batch) +
                 " ! svgalign " + settings);
  return samples.at(0).tensors().at(0);
}

// Returns element c of token t of image n.
float at(const Tensor& tensor, int64_t n, int64_t t, int64_t c) {
  return tensor.data_as<float>()[(n * tensor.size(1) + t) * tensor.size(2) + c];
}

TEST(SvgAlign, JoinsTheFeaturesIntoTheLatent) {
  const std::vector<Sample> samples = samples_of(video(2) + " ! svgencode batch-size=2 ! svgalign");
  EXPECT_THAT(caps_text(samples.at(0).caps.get()),
              AllOf(HasSubstr("num_tensors=(int)1"), HasSubstr("dimensions=(string)152:64:2"),
                    HasSubstr("framerate=(fraction)15/1")));
}

TEST(SvgAlign, WithoutStatisticsItOnlyConcatenates) {
  const std::vector<Sample> features = samples_of(video(1) + " ! svgencode");
  const Tensor semantic = features.at(0).tensors()[0], residual = features[0].tensors()[1];
  const Tensor latent = aligned("statistics=none");
  for (int64_t t : {0, 17, 63}) {
    EXPECT_EQ(at(latent, 0, t, 5), at(semantic, 0, t, 5));
    EXPECT_EQ(at(latent, 0, t, kSemantic + 3), at(residual, 0, t, 3));
  }
}

TEST(SvgAlign, AutoIsFixedForACardWithScalars) {
  EXPECT_EQ(largest_difference(aligned("statistics=auto"), aligned("statistics=fixed")), 0.0);
}

TEST(SvgAlign, AutoIsFrameForACardWithout) {
  const ScratchFolder folder;
  const std::string text = svgen::testing::read_text(fs::path(SVGEN_MODELS) / "mini/card.json");
  const size_t first = text.find("\"statistics\""), last = text.find("\"training\"");
  const fs::path card = other_card(folder, "other", {{text.substr(first, last - first), ""}});
  const auto of = [&](const std::string& statistics) {
    return samples_of(video(1) + " ! svgencode model=" + card.string() + " ! svgalign " +
                      statistics)
        .at(0)
        .tensors()
        .at(0);
  };
  EXPECT_EQ(largest_difference(of("statistics=auto"), of("statistics=frame")), 0.0);
  EXPECT_THAT(error_of(video(1) + " ! svgencode model=" + card.string() +
                       " ! svgalign statistics=fixed ! fakesink"),
              HasSubstr("alignment"));
}

TEST(SvgAlign, OnlyBatchStatisticsLookAtTheNeighbours) {
  for (const char* independent : {"fixed", "frame", "none"}) {
    const std::string settings = std::string("statistics=") + independent;
    EXPECT_EQ(largest_difference(aligned(settings, 4, 4).rows(0, 1), aligned(settings)), 0.0)
        << independent;
  }
  EXPECT_GT(
      largest_difference(aligned("statistics=batch", 4, 4).rows(0, 1), aligned("statistics=batch")),
      0.0);
  EXPECT_EQ(largest_difference(aligned("statistics=batch"), aligned("statistics=frame")), 0.0);
}

TEST(SvgAlign, NormalisedLatentsDecodeToTheSamePicture) {
  const auto picture_of = [](const std::string& align, const std::string& decode) {
    return samples_of(video(1) + " ! svgencode ! svgalign " + align + " ! svgdecode " + decode)
        .at(0)
        .bytes();
  };
  const std::string plain = picture_of("", ""),
                    normalised = picture_of("normalize=true", "normalized=true");
  int largest = 0;
  for (size_t i = 0; i < plain.size(); ++i)
    largest = std::max(largest, std::abs(int(guint8(plain[i])) - int(guint8(normalised[i]))));
  EXPECT_LE(largest, 1);
  EXPECT_GT(largest_difference(aligned("normalize=true"), aligned("")), 0.1);
}

class AlignByHand : public ::testing::Test {
 protected:
  void SetUp() override {
    chain_ = harness("svgencode batch-size=2 ! svgalign labels=true");
    gst_harness_set_src_caps_str(chain_.get(), kPictureCaps);
    for (int i = 0; i < 2; ++i) {
      BufferPtr frame = picture(i);
      if (i == 0) set_image_facts(frame.get(), {{70, 9, 1}});
      gst_harness_push(chain_.get(), frame.release());
    }
    batch_ = pull(chain_);
    ASSERT_TRUE(batch_);
  }

  HarnessPtr chain_;
  BufferPtr batch_;
};

TEST_F(AlignByHand, LabelsAreASecondTensor) {
  const TensorStream stream = output_stream(chain_);
  const std::vector<Tensor> tensors = tensors_of(batch_.get(), stream);
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[1].shape(), (Shape{2}));
  EXPECT_EQ(tensors[1].data_as<int64_t>()[0], 9);
  EXPECT_EQ(tensors[1].data_as<int64_t>()[1], -1);  // no label is known
}

TEST_F(AlignByHand, CapsOfLabelsAreTheWireFormat) {
  const CapsPtr caps(gst_pad_get_current_caps(chain_->sinkpad));
  EXPECT_THAT(caps_text(caps.get()), AllOf(HasSubstr("num_tensors=(int)2"),
                                           HasSubstr("dimensions=(string)\"152:64:2\\,1:2\""),
                                           HasSubstr("types=(string)\"float32\\,int64\"")));
}

TEST_F(AlignByHand, FactsAndTimesSurvive) {
  const std::vector<ImageFacts> facts = image_facts(batch_.get(), 2);
  EXPECT_EQ(facts[0].index, 70);
  EXPECT_EQ(facts[1].pts, 100 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_PTS(batch_.get()), 0u);
  EXPECT_EQ(GST_BUFFER_DURATION(batch_.get()), 200 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(batch_.get()), 2u);
}

TEST(SvgAlign, ADecoderIgnoresTheLabels) {
  EXPECT_EQ(
      samples_of(video(3) + " ! svgencode batch-size=2 ! svgalign labels=true ! svgdecode").size(),
      3u);
}

TEST(SvgAlign, OneTensorOfTwoIsRefused) {
  EXPECT_THAT(error_of(video(1) + " ! svgencode features=semantic ! svgalign ! fakesink"),
              AllOf(HasSubstr("features=both"), HasSubstr("128:64:1")));
}

TEST(SvgAlign, LatentsAreRefused) {
  EXPECT_THAT(error_of("svgdiffuse steps=1 num-images=1 ! svgalign ! fakesink"),
              HasSubstr("features=both"));
}

}  // namespace
}  // namespace svgen::gst::testing
