// SPDX-License-Identifier: MIT
// Tests of svgdatasetsrc.
#include <algorithm>
#include <set>

#include "data/data_order.h"
#include "support.h"
#include "svgen/crop.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::ScopedVariable;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct MessageRelease {
  void operator()(GstMessage* message) const { gst_message_unref(message); }
};

// Five pictures in three classes of two, one and two.
class SvgDatasetSrc : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* names[] = {"cat/0.ppm", "cat/1.ppm", "dog/2.ppm", "eel/3.ppm", "eel/4.ppm"};
    for (int i = 0; i < 5; ++i) folder_.write(fs::path("set") / names[i], ppm(numbered_picture(i)));
  }

  std::string line(const std::string& settings = "") const {
    return "svgdatasetsrc size=8 location=" + (folder_.path() / "set").string() + " " + settings;
  }

  static std::string cropped(int number, bool mirror = false) {
    Picture out(8, 8);
    const Picture source = numbered_picture(number);
    center_crop(source.view(), mirror ? mirrored(out.mutable_view()) : out.mutable_view());
    return {out.pixels.begin(), out.pixels.end()};
  }

  // Returns the number of the picture in each buffer.
  static std::vector<int64_t> pictures_of(const std::vector<Sample>& samples) {
    std::vector<int64_t> numbers;
    for (const Sample& sample : samples) {
      int64_t number = 0;
      while (number < 5 && sample.bytes() != cropped(static_cast<int>(number))) ++number;
      numbers.push_back(number);
    }
    return numbers;
  }

  // Plays to the end; returns the texts of the warnings.
  static std::vector<std::string> warnings_of(const std::string& whole_line, bool& ended) {
    Pipeline pipeline(whole_line);
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    std::vector<std::string> texts;
    while (true) {
      const std::unique_ptr<GstMessage, MessageRelease> message(gst_bus_timed_pop_filtered(
          GST_ELEMENT_BUS(pipeline.get()), 60 * GST_SECOND,
          static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
      ended = message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS;
      if (!message || GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_WARNING) return texts;
      GError* error = nullptr;
      gst_message_parse_warning(message.get(), &error, nullptr);
      texts.emplace_back(error->message);
      g_error_free(error);
    }
  }

  ScratchFolder folder_;
};

TEST_F(SvgDatasetSrc, SendsCentreCropsWithLabelsAndIndices) {
  const std::vector<Sample> samples = samples_of(line());
  EXPECT_EQ(pictures_of(samples), steps(0, 5));
  EXPECT_EQ(indices_of(samples), steps(0, 5));
  EXPECT_EQ(labels_of(samples), (std::vector<int64_t>{0, 0, 1, 2, 2}));
}

TEST_F(SvgDatasetSrc, ReadsAListFile) {
  folder_.write("set/list.txt", "eel/4.ppm 9\n# a comment\ndog/2.ppm -1\n");
  const std::vector<Sample> samples =
      samples_of("svgdatasetsrc size=8 location=" + (folder_.path() / "set/list.txt").string());
  EXPECT_EQ(pictures_of(samples), (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(labels_of(samples), (std::vector<int64_t>{9, -1}));
}

TEST_F(SvgDatasetSrc, NamesTheLineOfAListThatIsWrong) {
  folder_.write("list.txt", "a.jpg 0\nb.jpg\n");
  EXPECT_THAT(
      error_of("svgdatasetsrc location=" + (folder_.path() / "list.txt").string() + " ! fakesink"),
      HasSubstr("list.txt:2"));
}

TEST_F(SvgDatasetSrc, SaysWhatIsMissing) {
  EXPECT_THAT(error_of("svgdatasetsrc ! fakesink"), HasSubstr("set location"));
  EXPECT_THAT(error_of("svgdatasetsrc location=/nowhere/at/all ! fakesink"),
              HasSubstr("/nowhere/at/all"));
}

TEST_F(SvgDatasetSrc, ShufflesEveryEpochAnew) {
  const std::vector<Sample> samples = samples_of(line("shuffle=true seed=4 epochs=3"));
  EXPECT_EQ(indices_of(samples), steps(0, 15));
  std::vector<int64_t> expected;
  for (int64_t epoch = 0; epoch < 3; ++epoch)
    for (const int64_t item : shuffled_items(4, epoch, 5)) expected.push_back(item);
  EXPECT_EQ(pictures_of(samples), expected);
}

TEST_F(SvgDatasetSrc, AStartInTheMiddleOfAnEpochGivesTheSameTail) {
  const std::string settings = "shuffle=true seed=4 epochs=3 crop=random flip=true ";
  std::vector<std::string> whole = bytes_of(samples_of(line(settings)));
  whole.erase(whole.begin(), whole.begin() + 7);
  EXPECT_EQ(bytes_of(samples_of(line(settings + "first-index=7"))), whole);
}

TEST_F(SvgDatasetSrc, EndsAfterNumImages) {
  EXPECT_EQ(indices_of(samples_of(line("epochs=-1 first-index=3 num-images=9"))), steps(3, 9));
  EXPECT_EQ(indices_of(samples_of(line("epochs=1 first-index=3 num-images=9"))), steps(3, 2));
}

TEST_F(SvgDatasetSrc, FlipsWhatTheVariationSays) {
  const std::vector<Sample> samples = samples_of(line("flip=true epochs=4 seed=2"));
  int flips = 0;
  for (int i = 0; i < 20; ++i) {
    const bool flip = variation(2, i / 5, i % 5).flip;
    flips += flip;
    EXPECT_EQ(samples[static_cast<size_t>(i)].bytes(), cropped(i % 5, flip)) << i;
  }
  EXPECT_GT(flips, 3);
  EXPECT_LT(flips, 17);
}

TEST_F(SvgDatasetSrc, TheNumberOfThreadsDoesNotMatter) {
  const std::string settings = "shuffle=true crop=random flip=true epochs=6 threads=";
  EXPECT_EQ(bytes_of(samples_of(line(settings + "1"))), bytes_of(samples_of(line(settings + "5"))));
}

TEST_F(SvgDatasetSrc, RandomCropsFollowSeedEpochAndPicture) {
  const std::vector<Sample> samples = samples_of(line("crop=random epochs=2 seed=6"));
  for (int i = 0; i < 10; ++i) {
    const Picture source = numbered_picture(i % 5);
    Picture out(8, 8);
    random_crop(source.view(), variation(6, i / 5, i % 5), out.mutable_view());
    EXPECT_EQ(samples[static_cast<size_t>(i)].bytes(),
              std::string(out.pixels.begin(), out.pixels.end()));
  }
}

TEST_F(SvgDatasetSrc, ProcessesShareEveryEpochWithoutOverlap) {
  std::multiset<int64_t> together;
  for (const char* which : {"0", "1"}) {
    const ScopedVariable rank("RANK", which), world("WORLD_SIZE", "2");
    for (const int64_t i : indices_of(samples_of(line("epochs=3 shuffle=true"))))
      together.insert(i);
  }
  EXPECT_EQ(std::vector<int64_t>(together.begin(), together.end()), steps(0, 15));
}

TEST_F(SvgDatasetSrc, IsSoughtByAnIndexThatGrowsOverEpochs) {
  EXPECT_EQ(indices_after_seek(line("epochs=-1 shuffle=true"), 23, 4), steps(23, 4));
}

TEST_F(SvgDatasetSrc, PlaysBackwardsThroughItsEpochs) {
  const std::string settings = "epochs=3 shuffle=true seed=4 crop=random flip=true";
  std::vector<std::string> forth = bytes_of(samples_of(line(settings)));
  const std::vector<Sample> back = samples_backwards(line(settings));
  EXPECT_EQ(indices_of(back), steps(14, 15, -1));
  std::reverse(forth.begin(), forth.end());
  EXPECT_TRUE(bytes_of(back) == forth);
}

TEST_F(SvgDatasetSrc, AProcessPlaysItsShareBackwards) {
  const ScopedVariable rank("RANK", "1"), world("WORLD_SIZE", "2");
  EXPECT_EQ(indices_of(samples_backwards(line("epochs=3"))), steps(13, 7, -2));
}

TEST_F(SvgDatasetSrc, KnowsHowLongItIs) {
  Pipeline pipeline(line("epochs=3") + " ! fakesink sync=false");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  gint64 images = 0;
  EXPECT_TRUE(gst_element_query_duration(pipeline.get(), GST_FORMAT_DEFAULT, &images));
  EXPECT_EQ(images, 15);
}

TEST_F(SvgDatasetSrc, ReportsAPictureThatCannotBeReadOnceAndLeavesItOut) {
  folder_.write("set/dog/2.ppm", "not a picture");
  bool ended = false;
  const std::vector<std::string> warnings =
      warnings_of(line("epochs=3") + " ! fakesink sync=false", ended);
  EXPECT_TRUE(ended);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("dog/2.ppm"));
  EXPECT_EQ(indices_of(samples_of(line("epochs=2"))),
            (std::vector<int64_t>{0, 1, 3, 4, 5, 6, 8, 9}));
}

TEST_F(SvgDatasetSrc, APictureThatCannotBeReadIsAnErrorWhenStrict) {
  folder_.write("set/dog/2.ppm", "not a picture");
  EXPECT_THAT(error_of(line("strict=true") + " ! fakesink sync=false"),
              AllOf(HasSubstr("svgdatasetsrc"), HasSubstr("dog/2.ppm")));
}

TEST_F(SvgDatasetSrc, ADatasetWithoutAReadablePictureIsAnError) {
  folder_.write("bad/list.txt", "a.jpg 0\nb.jpg 1\n");
  EXPECT_THAT(error_of("svgdatasetsrc epochs=-1 location=" +
                       (folder_.path() / "bad/list.txt").string() + " ! fakesink"),
              HasSubstr("no picture of the dataset can be read"));
}

TEST_F(SvgDatasetSrc, AProcessThatCanReadNoneOfItsPicturesEnds) {
  folder_.write("half/list.txt", (folder_.path() / "set/dog/2.ppm").string() + " 0\nb.jpg 1\n");
  const ScopedVariable rank("RANK", "1"), world("WORLD_SIZE", "2");
  EXPECT_THAT(error_of("svgdatasetsrc size=8 epochs=-1 location=" +
                       (folder_.path() / "half/list.txt").string() + " ! fakesink sync=false"),
              HasSubstr("no picture of the dataset can be read"));
}

TEST_F(SvgDatasetSrc, APictureOfAnImpossibleShapeIsLeftOut) {
  std::string header = "P6\n1 70000\n255\n";
  folder_.write("set/dog/2.ppm", header + std::string(3 * 70000, 'x'));
  bool ended = false;
  const std::vector<std::string> warnings =
      warnings_of(line("size=256") + " ! fakesink sync=false", ended);
  EXPECT_TRUE(ended);
  EXPECT_EQ(warnings.size(), 1u);
}

// Makes a dataset of one file of tests/data/pictures, named `as`; returns the source that reads it.
std::string line_of(const ScratchFolder& folder, const std::string& name, const std::string& as) {
  const std::string file = svgen::testing::read_text(fs::path(SVGEN_TEST_DATA) / "pictures" / name);
  folder.write("one/class/" + as, file);
  return "svgdatasetsrc size=40 location=" + (folder.path() / "one").string() + " ";
}

TEST_F(SvgDatasetSrc, OrientationIsAProperty) {
  const std::string line = line_of(folder_, "exif6sq.png", "a.png");
  const std::string turned = samples_of(line)[0].bytes();
  const std::string stored = samples_of(line + "orientation=ignore")[0].bytes();
  EXPECT_NE(turned, stored);
  // The file stores red, green above blue, white. Turned to the right, blue is at the top left.
  EXPECT_GT(static_cast<uint8_t>(turned[2]), 180);
  EXPECT_GT(static_cast<uint8_t>(stored[0]), 180);
}

TEST_F(SvgDatasetSrc, TransparencyAndSizeAreProperties) {
  const std::string line = line_of(folder_, "rgba.png", "a.png");
  EXPECT_NE(samples_of(line)[0].bytes(), samples_of(line + "alpha=drop")[0].bytes());
  EXPECT_THAT(error_of(line + "strict=true max-pixels=100 ! fakesink"), HasSubstr("max-pixels"));
}

TEST_F(SvgDatasetSrc, ANameOfAnyBytesMakesAValidMessage) {
  folder_.write("set/cat/caf\xe9.jpg", "no picture");
  bool ended = false;
  const std::vector<std::string> warnings = warnings_of(line() + " ! fakesink sync=false", ended);
  EXPECT_TRUE(ended);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("caf\\xe9.jpg"));
  EXPECT_THAT(error_of(line("strict=true") + " ! fakesink"), HasSubstr("caf\\xe9.jpg"));
}

TEST_F(SvgDatasetSrc, WhatIsNotReadIsCounted) {
  line_of(folder_, "anim.gif", "3.gif");
  line_of(folder_, "anim.gif", "4.gif");
  const std::string line = line_of(folder_, "quad.jpg", "2.jfif") + " ! fakesink sync=false";
  bool ended = false;
  const std::vector<std::string> warnings = warnings_of(line, ended);
  EXPECT_TRUE(ended);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("2 .gif"));
}

TEST_F(SvgDatasetSrc, AnAnimationIsSaidOnce) {
  line_of(folder_, "anim.webp", "1.webp");
  bool ended = false;
  const auto warnings = warnings_of(
      line_of(folder_, "anim.webp", "2.webp") + "epochs=2 ! fakesink sync=false", ended);
  EXPECT_TRUE(ended);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], AllOf(HasSubstr("first picture"), HasSubstr(".webp")));
}

TEST_F(SvgDatasetSrc, StopsAtOnceWhileItsThreadsWork) {
  for (int i = 0; i < 5; ++i) {
    Pipeline pipeline(line("epochs=-1 threads=4") + " ! fakesink sync=false");
    ASSERT_TRUE(pipeline.go_to(GST_STATE_PLAYING));
    pipeline.stop();
    EXPECT_TRUE(pipeline.errors().empty());
  }
}

}  // namespace
}  // namespace svgen::gst::testing
