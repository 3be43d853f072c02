// SPDX-License-Identifier: MIT
// Tests of svgstats.
#include "data/parts.h"
#include "harness.h"
#include "svgen/engine.h"
#include "svgen/statistics.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::read_text;
using ::testing::AllOf;
using ::testing::HasSubstr;

class SvgStats : public ::testing::Test {
 protected:
  fs::path file(const std::string& name) const { return folder_.path() / name; }

  // Runs a line that ends in svgstats; returns the file that it writes.
  fs::path measured(const std::string& name, const std::string& source,
                    const std::string& settings = "") {
    Pipeline pipeline(source + " ! svgstats location=" + file(name).string() + " " + settings);
    EXPECT_TRUE(pipeline.run());
    for (const PostedError& error : pipeline.errors()) ADD_FAILURE() << error.text << error.debug;
    const std::vector<const GstStructure*> messages = pipeline.messages_named("svg-stats");
    EXPECT_EQ(messages.size(), 1u);
    images_ = -1;
    if (!messages.empty()) gst_structure_get_int64(messages[0], "images", &images_);
    return file(name);
  }

  ScratchFolder folder_;
  gint64 images_ = 0;
};

TEST_F(SvgStats, WritesStatisticsOfFeatures) {
  const fs::path written = measured("s.safetensors", video(5) + " ! svgencode batch-size=2");
  EXPECT_EQ(images_, 5);
  const std::string header = read_text(written);
  EXPECT_THAT(header, AllOf(HasSubstr("dinov3_sp_mean"), HasSubstr("dinov3_sp_std")));
  EXPECT_EQ(read_tensor(written, "dinov3_sp_mean").element_count(), kLatent);
}

TEST_F(SvgStats, WritesStatisticsOfLatents) {
  const fs::path written =
      measured("s.safetensors", "svgdiffuse steps=1 num-images=3 batch-size=2");
  EXPECT_EQ(images_, 3);
  const Tensor std = read_tensor(written, "dinov3_sp_std");
  for (int64_t i = 0; i < kLatent; ++i) EXPECT_GT(std.data_as<float>()[i], 0);
}

TEST_F(SvgStats, BatchesDoNotMatter) {
  const fs::path one = measured("one", video(7) + " ! svgencode");
  const fs::path three = measured("three", video(7) + " ! svgencode batch-size=3");
  EXPECT_TRUE(read_text(one) == read_text(three));
}

TEST_F(SvgStats, AProcessOfALaunchWritesItsPart) {
  const std::string source = "svgscenesrc num-images=5 ! svgencode";
  const auto recorder = StatisticsRecorder::create();
  for (const char* which : {"0", "1"}) {
    const svgen::testing::ScopedVariable rank("RANK", which), world("WORLD_SIZE", "2");
    measured("s", source);
    recorder->merge(part_of(file("s"), {std::atoi(which), 2}));
    EXPECT_THAT(error_of(source + " ! svgstats merge=a location=" + file("s").string()),
                HasSubstr("svgen merge"));
  }
  recorder->save(file("merged"));
  EXPECT_TRUE(read_text(file("merged")) == read_text(measured("whole", source)));
}

TEST_F(SvgStats, PaddingIsNotCounted) {
  const fs::path plain = measured("plain", video(7) + " ! svgencode");
  const fs::path padded =
      measured("padded", video(7) + " ! svgencode batch-size=4 partial-batch=pad");
  EXPECT_EQ(images_, 7);
  EXPECT_TRUE(read_text(plain) == read_text(padded));
}

TEST_F(SvgStats, PartialFilesMergeExactly) {
  const std::string generate = "svgdiffuse steps=1 seed=5 ";
  const fs::path whole = measured("whole", generate + "num-images=5");
  const fs::path first = measured("first", generate + "num-images=2");
  const fs::path merged =
      measured("merged", generate + "first-index=2 num-images=3", "merge=" + first.string());
  EXPECT_EQ(images_, 5);
  EXPECT_TRUE(read_text(whole) == read_text(merged));
}

TEST_F(SvgStats, ACardCanNameTheFile) {
  const fs::path card = other_card(folder_, "other");
  const fs::path stats = card.parent_path() / "stats.safetensors";
  const std::vector<Sample> before = samples_of("svgdiffuse steps=1 num-images=1");
  const fs::path written = measured("s.safetensors", video(8) + " ! svgencode batch-size=4");
  fs::remove(stats);
  fs::rename(written, stats);
  const std::string text = read_text(card);
  const size_t entry = text.find("\"statistics\""), first = text.find(",\n  \"sha256\"", entry),
               last = text.find("\n }", first);
  folder_.write("other/card.json", text.substr(0, first) + text.substr(last));
  const std::vector<Sample> after =
      samples_of("svgdiffuse steps=1 num-images=1 model=" + card.string());
  EXPECT_NE(before.at(0).bytes(), after.at(0).bytes());
}

TEST_F(SvgStats, ARestartBeginsAnew) {
  Pipeline pipeline("svgdiffuse steps=1 num-images=2 ! svgstats location=" + file("s").string());
  ASSERT_TRUE(pipeline.run());
  const std::string first = read_text(file("s"));
  ASSERT_TRUE(pipeline.run());
  EXPECT_TRUE(read_text(file("s")) == first);
}

TEST_F(SvgStats, EvenWhenItOnlyWentBackToReady) {
  Pipeline pipeline("svgdiffuse steps=1 num-images=2 ! svgstats location=" + file("s").string());
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(pipeline.wait_for_end());
    ASSERT_TRUE(pipeline.go_to(GST_STATE_READY));
  }
  for (const GstStructure* message : pipeline.messages_named("svg-stats")) {
    gst_structure_get_int64(message, "images", &images_);
    EXPECT_EQ(images_, 2);
  }
}

TEST_F(SvgStats, IsNotPacedByTheClock) {
  const auto start = std::chrono::steady_clock::now();
  measured("s", "svgdiffuse steps=1 guidance-scale=1 num-images=4 framerate=1/2");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(SvgStats, WithoutALocationItSaysWhatToSet) {
  EXPECT_THAT(error_of("svgdiffuse steps=1 num-images=1 ! svgstats"), HasSubstr("set location"));
}

TEST_F(SvgStats, AMissingFolderIsNamedBeforeTheWork) {
  EXPECT_THAT(error_of("svgdiffuse ! svgstats location=/nowhere/at/all/s.safetensors"),
              HasSubstr("/nowhere/at/all"));
}

TEST_F(SvgStats, AMissingFileToMergeIsNamed) {
  EXPECT_THAT(error_of("svgdiffuse ! svgstats location=" + file("s").string() +
                       " merge=" + file("absent").string()),
              HasSubstr(file("absent").string()));
}

TEST_F(SvgStats, FilesOfLatentsAndFeaturesDoNotMix) {
  const fs::path latents = measured("latents", "svgdiffuse steps=1 num-images=2");
  EXPECT_THAT(error_of(video(2) + " ! svgencode ! svgstats location=" + file("s").string() +
                       " merge=" + latents.string()),
              HasSubstr("not of both"));
}

TEST_F(SvgStats, AStreamOfAnotherShapeIsAnError) {
  EXPECT_THAT(error_of(video(2) +
                       " ! svgencode features=semantic ! svgstats location=" + file("s").string()),
              AllOf(HasSubstr("two tensors of svgencode"), HasSubstr("128:64:1")));
}

TEST_F(SvgStats, AnEmptyStreamIsAnErrorAndLeavesNoFile) {
  EXPECT_NE(error_of("svgdiffuse num-images=0 ! svgstats location=" + file("s").string()), "");
  EXPECT_FALSE(fs::exists(file("s")));
}

TEST_F(SvgStats, AStoppedRunWritesNothing) {
  Pipeline pipeline("svgdiffuse steps=1 ! svgstats location=" + file("s").string());
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PLAYING));
  pipeline.stop();
  EXPECT_FALSE(fs::exists(file("s")));
}

}  // namespace
}  // namespace svgen::gst::testing
