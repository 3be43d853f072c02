// SPDX-License-Identifier: MIT
// Tests of svgedit: what is edited, and how much.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

const std::string kMask =
    "  videotestsrc num-buffers=1 pattern=white ! video/x-raw,format=RGB,width=32,height=64 ! "
    "videobox left=-32 fill=black ! videoconvert ! queue ! e.mask";  // the left half is kept

std::string latents(int frames, int batch = 1) {
  return video(frames) + " ! svgencode batch-size=" + std::to_string(batch) + " ! svgalign";
}

// Two frames that are the same picture.
std::string still(const std::string& settings) {
  return "videotestsrc num-buffers=2 pattern=colors ! "
         "video/x-raw,format=RGB,width=64,height=64,framerate=10/1 ! svgencode ! svgalign ! "
         "svgedit steps=2 strength=0.5 " +
         settings;
}

std::vector<Tensor> edited(const std::string& line) {
  std::vector<Tensor> all;
  for (const Sample& sample : samples_of(line)) all.push_back(sample.tensors().at(0));
  return all;
}

std::vector<Tensor> masked(const std::string& settings) {
  Pipeline pipeline(latents(2) + " ! svgedit name=e steps=2 " + settings +
                    " ! appsink name=out sync=false" + kMask);
  EXPECT_TRUE(pipeline.run());
  std::vector<Tensor> all;
  for (const Sample& sample : pipeline.take_samples()) all.push_back(sample.tensors().at(0));
  return all;
}

// The largest difference in the cells of a half of the columns.
double difference_of_half(const Tensor& a, const Tensor& b, int64_t half) {
  double largest = 0;
  for (int64_t cell = 0; cell < kTokens; ++cell) {
    if (cell % 8 / 4 != half) continue;
    for (int64_t c = 0; c < kLatent; ++c) {
      const int64_t i = cell * kLatent + c;
      largest = std::max<double>(largest, std::abs(a.data_as<float>()[i] - b.data_as<float>()[i]));
    }
  }
  return largest;
}

TEST(SvgEdit, StrengthZeroPassesTheLatentsUntouched) {
  const std::vector<Sample> before = samples_of(latents(3, 2));
  const std::vector<Sample> after =
      samples_of(latents(3, 2) + " ! svgedit strength=0 classes=ball");
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(after[i].bytes() == before[i].bytes());
}

TEST(SvgEdit, StrengthOneIsWhatSvgdiffuseMakes) {
  const std::string settings = " seed=5 steps=3 classes=ball,car guidance-scale=2 solver=";
  for (const char* solver : {"euler", "multistep", "euler-maruyama"}) {
    const std::vector<Tensor> edit =
        edited(latents(2) + " ! svgedit strength=1" + settings + solver);
    const std::vector<Tensor> made = edited("svgdiffuse num-images=2" + settings + solver);
    ASSERT_EQ(edit.size(), 2u);
    for (size_t i = 0; i < 2; ++i)
      EXPECT_EQ(largest_difference(edit[i], made[i]), 0) << solver << i;
  }
}

TEST(SvgEdit, TheBatchDoesNotChangeTheImages) {
  const std::string edit = " ! svgedit steps=2 strength=0.5 classes=ball,car,moon";
  const std::vector<Tensor> alone = edited(latents(3) + edit);
  const std::vector<Tensor> together = edited(latents(3, 3) + edit);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(largest_difference(together.at(0).rows(i, 1), alone.at(static_cast<size_t>(i))), 0);
}

TEST(SvgEdit, NormalisedLatentsStayNormalised) {
  const auto picture_of = [](const std::string& align, const std::string& edit) {
    return samples_of(video(1) + " ! svgencode ! svgalign " + align + " ! svgedit steps=2 " + edit)
        .at(0)
        .tensors()
        .at(0);
  };
  const Tensor plain = picture_of("", ""), normal = picture_of("normalize=true", "normalized=true");
  EXPECT_GT(largest_difference(plain, normal), 0.1);
  const auto decoded = [](const std::string& align, const std::string& edit,
                          const std::string& decode) {
    return samples_of(video(1) + " ! svgencode ! svgalign " + align + " ! svgedit steps=2 " + edit +
                      " ! svgdecode " + decode)
        .at(0)
        .bytes();
  };
  const std::string a = decoded("", "", ""),
                    b = decoded("normalize=true", "normalized=true", "normalized=true");
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_LE(std::abs(static_cast<uint8_t>(a[i]) - static_cast<uint8_t>(b[i])), 1);
}

TEST(SvgEdit, FixedNoiseGivesEqualPicturesEqualEdits) {
  const std::vector<Tensor> fixed = edited(still("noise=fixed")), own = edited(still(""));
  EXPECT_EQ(largest_difference(fixed.at(0), fixed.at(1)), 0);
  EXPECT_GT(largest_difference(own.at(0), own.at(1)), 0.01);
}

TEST(SvgEdit, BlendMixesTheLatestEditIn) {
  const std::vector<Tensor> plain = edited(still("")), blended = edited(still("blend=0.25"));
  EXPECT_EQ(largest_difference(plain.at(0), blended.at(0)), 0);
  for (int64_t i = 0; i < kTokens * kLatent; ++i)
    EXPECT_NEAR(blended.at(1).data_as<float>()[i],
                0.75f * plain.at(1).data_as<float>()[i] + 0.25f * plain.at(0).data_as<float>()[i],
                1e-5);
}

TEST(SvgEdit, TheMaskKeepsWhatIsBlackToTheBit) {
  const std::vector<Tensor> source = edited(latents(2));
  for (const char* settings : {"strength=0.7 mask-blur=0", "strength=1 mask-blur=0",
                               "strength=0.7 mask-blur=0 blend=0.5"}) {
    const std::vector<Tensor> edit = masked(settings);
    ASSERT_EQ(edit.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(difference_of_half(edit[i], source[i], 0), 0) << settings;
      EXPECT_GT(difference_of_half(edit[i], source[i], 1), 0.1) << settings;
    }
  }
}

TEST(SvgEdit, ABlurredMaskSoftensTheBorder) {
  const std::vector<Tensor> source = edited(latents(1));
  const std::vector<Tensor> hard = masked("strength=0.7 mask-blur=0"),
                            soft = masked("strength=0.7 mask-blur=1");
  EXPECT_EQ(difference_of_half(hard.at(0), source.at(0), 0), 0);
  EXPECT_GT(difference_of_half(soft.at(0), source.at(0), 0), 0);
}

TEST(SvgEdit, TheClassIsTheSetOneElseTheListElseTheLabel) {
  const auto label_of = [](const std::string& line) {
    const std::vector<Sample> samples = samples_of(line);
    return image_facts(samples.at(0).buffer.get(), 1).at(0).label;
  };
  const std::string labelled = "svgdiffuse steps=1 num-images=1 classes=7 ! svgedit steps=1 ";
  EXPECT_EQ(label_of(labelled + "classes=ball class=3"), 3);
  EXPECT_EQ(label_of(labelled + "classes=4"), 4);
  EXPECT_EQ(label_of(labelled), 7);
  EXPECT_EQ(label_of(latents(1) + " ! svgedit steps=1"), -1) << "none";
}

TEST(SvgEdit, ATensorOfLabelsGetsTheNewOnes) {
  const ScratchFolder folder;
  const std::string store = " location=" + (folder.path() / "store").string();
  ASSERT_TRUE(Pipeline("svgdiffuse steps=1 num-images=2 classes=7 ! svglatentsink" + store).run());
  for (const auto& [settings, label] : {std::pair("class=3", 3), std::pair("", 7)}) {
    const std::vector<Sample> samples =
        samples_of("svglatentsrc num-images=2" + store + " ! svgedit steps=1 " + settings);
    const Tensor labels = samples.at(0).tensors().at(1);
    EXPECT_EQ(labels.data_as<int64_t>()[0], label);
  }
}

TEST(SvgEditErrors, SayWhatIsMissing) {
  EXPECT_THAT(error_of(video(1) + " ! svgencode ! svgedit ! fakesink"),
              HasSubstr("insert svgalign"));
  EXPECT_THAT(
      error_of(video(1, "width=128,height=64") + " ! svgencode ! svgalign ! svgedit ! fakesink"),
      HasSubstr("width=64,height=64"));
  EXPECT_THAT(error_of(latents(1) + " ! svgedit class=16 ! fakesink"), HasSubstr("0 to 15"));
  EXPECT_THAT(error_of(latents(1) + " ! svgedit classes=zebra ! fakesink"), HasSubstr("zebra"));
}

TEST(SvgEditErrors, AModelThatGeneratesNothingIsNamed) {
  const ScratchFolder folder;
  const std::string text = svgen::testing::read_text(fs::path(SVGEN_MODELS) / "mini/card.json");
  const size_t first = text.find("\"diffusion\"");
  const size_t last = text.find("\"statistics\"");
  ASSERT_LT(first, last);
  const fs::path card = other_card(folder, "other", {{text.substr(first, last - first), ""}});
  EXPECT_THAT(error_of(video(1) + " ! svgencode model=" + card.string() +
                       " ! svgalign ! svgedit ! fakesink"),
              HasSubstr("diffusion"));
}

}  // namespace
}  // namespace svgen::gst::testing
