// SPDX-License-Identifier: MIT
// The base of svgfrechet and svgprobe: which streams they take, and the files of sets.
#include "svg/set_analyzer.h"

#include "data/parts.h"
#include "harness.h"
#include "svgen/engine.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

class SetFiles : public ::testing::Test {
 protected:
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  // Writes the set of a stream's features into a file.
  void write(const std::string& name, const std::string& stream, const std::string& more = "") {
    Pipeline pipeline(stream + " ! svgfrechet location=" + file(name) + " " + more + " ! fakesink");
    ASSERT_TRUE(pipeline.run()) << stream;
  }

  std::vector<double> mean(const std::string& name) const {
    const Tensor values = read_tensor(file(name), "mean");
    return {values.data_as<double>(), values.data_as<double>() + values.element_count()};
  }

  ScratchFolder folder_;
};

TEST_F(SetFiles, HoldFeaturesAndLabels) {
  write("set", "svgscenesrc num-images=5 classes=all ! svgencode features=semantic batch-size=2");
  EXPECT_EQ(read_tensor(file("set"), "count").data_as<int64_t>()[0], 5);
  EXPECT_EQ(read_tensor(file("set"), "features").shape(), (Shape{5, kSemantic}));
  const Tensor labels = read_tensor(file("set"), "labels");
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(labels.data_as<int64_t>()[i], i);
}

TEST_F(SetFiles, LabelsInAStreamOfTheirOwn) {
  write("set", "svgscenesrc num-images=3 classes=all ! svgencode ! svgalign labels=true");
  EXPECT_EQ(read_tensor(file("set"), "features").shape(), (Shape{3, kLatent}));
  EXPECT_EQ(read_tensor(file("set"), "labels").data_as<int64_t>()[2], 2);
}

TEST_F(SetFiles, PaddingIsNoImage) {
  write("set", video(5) + " ! svgencode features=semantic batch-size=4 partial-batch=pad");
  EXPECT_EQ(read_tensor(file("set"), "count").data_as<int64_t>()[0], 5);
}

TEST_F(SetFiles, PixelsAreFeaturesToo) {
  write("rgb", "videotestsrc num-buffers=2 pattern=red ! video/x-raw,format=RGB,width=2,height=2");
  write("bgrx",
        "videotestsrc num-buffers=2 pattern=red ! video/x-raw,format=BGRx,width=2,height=2");
  EXPECT_EQ(mean("rgb"), mean("bgrx"));
  EXPECT_EQ(mean("rgb"), (std::vector<double>{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(SetFiles, AWeightsFileThatIsNotInceptionIsRefused) {
  for (const std::string weights :
       {"/nowhere/inception.pth", SVGEN_TEST_DATA "/tiny/dit_tiny.pt"}) {
    EXPECT_THAT(error_of("svgscenesrc num-images=1 ! svgfrechet inception=" + weights +
                         " location=" + file("set") + " ! fakesink"),
                HasSubstr(weights));
  }
}

TEST_F(SetFiles, ShardsMerge) {
  const std::string stream = "svgscenesrc size=8 seed=3 num-images=";
  write("whole", stream + "9");
  write("first", stream + "4");
  write("both", stream + "5 first-index=4", "merge=" + file("first"));
  const std::vector<double> whole = mean("whole"), both = mean("both");
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], both[i], 1e-12);
  EXPECT_EQ(read_tensor(file("both"), "features").size(0), 9);
}

TEST_F(SetFiles, OfProcessesOfALaunchJoinToThatOfOne) {
  const std::string stream =
      "svgscenesrc num-images=7 classes=all ! svgencode features=semantic batch-size=2";
  std::vector<std::filesystem::path> parts;
  for (const char* which : {"0", "1", "2"}) {
    const svgen::testing::ScopedVariable rank("RANK", which), world("WORLD_SIZE", "3");
    write("set", stream);
    parts.push_back(part_of(file("set"), {std::atoi(which), 3}));
    EXPECT_TRUE(std::filesystem::exists(parts.back()));
  }
  write("alone", stream);
  FeatureSet::join(50000, parts)->save(file("joined"));
  EXPECT_TRUE(svgen::testing::read_text(file("joined")) ==
              svgen::testing::read_text(file("alone")));
}

TEST_F(SetFiles, OfAPartHaveAllVectors) {
  write("set", "svgscenesrc size=8 num-images=3", "part=true kept-vectors=1");
  EXPECT_EQ(read_tensor(file("set"), "features").dtype(), DType::kFloat64);
  EXPECT_EQ(read_tensor(file("set"), "indices").element_count(), 3);
}

TEST_F(SetFiles, OfALaunchAreComparedAfterwards) {
  const svgen::testing::ScopedVariable rank("RANK", "0"), world("WORLD_SIZE", "2");
  const std::string stream = "svgscenesrc size=8 num-images=3 ! svgfrechet ";
  for (const std::string settings : {"", "reference=a", "merge=b location=c"})
    EXPECT_THAT(error_of(stream + settings + " ! fakesink"), HasSubstr("svgen merge"));
  EXPECT_THAT(error_of("videotestsrc num-buffers=2 ! video/x-raw,format=RGB,width=2,height=2 ! "
                       "svgfrechet location=" +
                       file("set") + " ! fakesink"),
              HasSubstr("no index"));
}

TEST_F(SetFiles, AreAReference) {
  const std::string stream = "svgscenesrc size=8 num-images=8";
  write("reference", stream);
  Pipeline pipeline(stream + " ! svgfrechet reference=" + file("reference") +
                    " ! appsink name=out");
  ASSERT_TRUE(pipeline.run());
  const auto lines = pipeline.take_samples();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0].bytes(), HasSubstr("\"test_images\": 8, \"reference_images\": 8"));
}

TEST_F(SetFiles, KeepAsManyVectorsAsAsked) {
  write("set", "svgscenesrc size=8 num-images=6", "kept-vectors=2");
  EXPECT_EQ(read_tensor(file("set"), "count").data_as<int64_t>()[0], 6);
  EXPECT_EQ(read_tensor(file("set"), "features").size(0), 2);
}

TEST_F(SetFiles, AbsentOnesAreAnError) {
  EXPECT_THAT(error_of("svgscenesrc size=8 num-images=2 ! svgfrechet reference=/nowhere/set ! "
                       "fakesink"),
              HasSubstr("/nowhere/set"));
}

TEST(SetAnalyzer, RefusesTwoFeatureTensorsAndTwoEncoders) {
  EXPECT_THAT(error_of(video(2) + " ! svgencode ! svgfrechet location=/tmp/unused ! fakesink"),
              HasSubstr("features=semantic"));
  EXPECT_THAT(error_of("svgfrechet name=svgf ! fakesink  svgscenesrc size=8 num-images=3 ! queue ! "
                       "svgf.reference  svgscenesrc size=16 num-images=3 ! queue ! svgf.test"),
              HasSubstr("not of one encoder"));
}

TEST(SetAnalyzer, MeasuresAgainFromTheStart) {
  Pipeline pipeline(
      "svgfrechet name=svgf ! appsink name=out  svgscenesrc size=8 num-images=3 ! queue ! "
      "svgf.reference  svgscenesrc size=8 num-images=4 ! queue ! svgf.test");
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(pipeline.run());
    EXPECT_THAT(pipeline.take_samples().back().bytes(), HasSubstr("\"test_images\": 4"));
  }
}

}  // namespace
}  // namespace svgen::gst::testing
