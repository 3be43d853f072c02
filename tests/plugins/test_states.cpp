// SPDX-License-Identifier: MIT
// Every element goes through the states, alone and in small pipelines, under the leak tracer.
#include <fstream>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

const char* const kModelFactories[] = {
    "svgencode",      "svgalign", "svgdiffuse",          "svgedit",
    "svgdecode",      "svgstats", "svgtrainautoencoder", "svgtraindiffusion",
    "svgtrainencoder"};
const char* const kAnalyzerFactories[] = {"svgmetrics", "svgfrechet", "svgprobe"};
const char* const kDataFactories[] = {"svgscenesrc", "svgdatasetsrc", "svglatentsrc",
                                      "svglatentsink"};

// State sequences from NULL; every one ends in NULL.
const std::vector<std::vector<GstState>> kSequences = {
    {GST_STATE_READY},
    {GST_STATE_PAUSED},
    {GST_STATE_PLAYING},
    {GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_READY},
    {GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_PAUSED},
    {GST_STATE_PLAYING, GST_STATE_READY, GST_STATE_PLAYING},
    {GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING},
    {GST_STATE_READY, GST_STATE_NULL, GST_STATE_READY},
};

class Alone : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    element_ = GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(GetParam(), nullptr)));
    // Gives it the file or folder without which it cannot start.
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element_), "location") == nullptr) return;
    const fs::path location = folder_.path() / "s";
    if (GetParam() == std::string("svgdatasetsrc")) {
      fs::create_directories(location / "class");
      std::ofstream(location / "class" / "white.ppm") << "P3 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1";
    }
    if (GetParam() == std::string("svglatentsrc")) {
      const std::string target = " ! svglatentsink location=" + location.string();
      ASSERT_TRUE(Pipeline("svgdiffuse steps=1 num-images=2" + target).run());
    }
    g_object_set(element_, "location", location.c_str(), nullptr);
  }
  void TearDown() override { gst_object_unref(element_); }
  GstStateChangeReturn go_to(GstState state) const {
    return gst_element_set_state(element_, state);
  }

  ScratchFolder folder_;
  GstElement* element_ = nullptr;
};

TEST_P(Alone, GoesThroughEverySequenceTwice) {
  for (int round = 0; round < 2; ++round) {
    for (const std::vector<GstState>& sequence : kSequences) {
      // Without a peer a sink never prerolls; what matters is that nothing fails or hangs.
      for (const GstState state : sequence) EXPECT_NE(go_to(state), GST_STATE_CHANGE_FAILURE);
      EXPECT_EQ(go_to(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    }
  }
}

TEST_P(Alone, CanBeMadeAndThrownAway) {
  for (int i = 0; i < 100; ++i)
    gst_object_unref(gst_object_ref_sink(gst_element_factory_make(GetParam(), nullptr)));
}

class AloneWithModel : public Alone {};

TEST_P(AloneWithModel, AFailedStartLeavesItUsable) {
  g_object_set(element_, "model", "no-such-model", nullptr);
  EXPECT_EQ(go_to(GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  g_object_set(element_, "model", "mini", nullptr);
  EXPECT_EQ(go_to(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  EXPECT_EQ(go_to(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
}

const auto kNameOf = [](const auto& tested) { return std::string(tested.param); };
INSTANTIATE_TEST_SUITE_P(Model, Alone, ::testing::ValuesIn(kModelFactories), kNameOf);
INSTANTIATE_TEST_SUITE_P(Data, Alone, ::testing::ValuesIn(kDataFactories), kNameOf);
INSTANTIATE_TEST_SUITE_P(Analyzer, Alone, ::testing::ValuesIn(kAnalyzerFactories), kNameOf);
INSTANTIATE_TEST_SUITE_P(Model, AloneWithModel, ::testing::ValuesIn(kModelFactories), kNameOf);

struct Line {
  const char* name;
  std::string text;
};

class SmallPipeline : public ::testing::TestWithParam<Line> {
 protected:
  std::string line() const {
    std::string text = GetParam().text;
    const std::string mark = "LOCATION";
    if (const size_t at = text.find(mark); at != std::string::npos)
      text.replace(at, mark.size(), (folder_.path() / "s").string());
    return text;
  }

  ScratchFolder folder_;
};

// Returns the errors of a pipeline. Those of a base source that is stopped while it negotiates do
// not count: it finds its peer gone and says that its stream stopped.
std::string said(const Pipeline& pipeline) {
  std::string all;
  for (const PostedError& error : pipeline.errors()) {
    if (error.debug.find("reason not-negotiated (-4)") != std::string::npos) continue;
    all += error.text + "\n" + error.debug + "\n";
  }
  return all;
}

TEST_P(SmallPipeline, GoesThroughEverySequenceTwice) {
  Pipeline pipeline(line());
  for (int round = 0; round < 2; ++round) {
    for (const std::vector<GstState>& sequence : kSequences) {
      for (const GstState state : sequence) EXPECT_TRUE(pipeline.go_to(state));
      EXPECT_TRUE(pipeline.go_to(GST_STATE_NULL));
    }
  }
  pipeline.stop();
  EXPECT_EQ(said(pipeline), "");
}

TEST_P(SmallPipeline, StopsAtOnceTwentyTimes) {
  Pipeline pipeline(line());
  for (int round = 0; round < 20; ++round) {
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    g_usleep(static_cast<gulong>(round * 3000));  // somewhere on the way
    pipeline.stop();
  }
  EXPECT_EQ(said(pipeline), "");
}

TEST_P(SmallPipeline, PlaysToTheEndTwice) {
  Pipeline pipeline(line());
  EXPECT_TRUE(pipeline.run());
  EXPECT_TRUE(pipeline.run());
}

INSTANTIATE_TEST_SUITE_P(
    Lines, SmallPipeline,
    ::testing::Values(
        Line{"GenerateInOne", "svggenerate steps=1 num-images=3 batch-size=2 ! fakesink"},
        Line{"Generate", "svgdiffuse steps=1 num-images=3 batch-size=2 ! svgdecode ! fakesink"},
        Line{
            "Edit",
            "svgdiffuse steps=1 num-images=3 batch-size=2 ! svgedit name=e steps=2 blend=0.2 ! "
            "svgdecode ! fakesink  videotestsrc num-buffers=1 ! video/x-raw,format=GRAY8 ! queue ! "
            "e.mask"},
        Line{"Sheet",
             "svgdiffuse steps=1 num-images=3 batch-size=3 ! svgdecode grid-columns=2 ! fakesink"},
        Line{"Reconstruct", video(5) +
                                " ! svgencode batch-size=2 batch-timeout=1000000000 ! queue ! "
                                "svgalign labels=true ! queue ! svgdecode ! fakesink"},
        Line{"Measure", video(5) + " ! svgencode batch-size=2 ! svgstats location=LOCATION"},
        Line{"MeasureLatents", "svgdiffuse steps=1 num-images=3 ! svgstats location=LOCATION"},
        Line{"Compare",
             "svgfrechet name=f ! fakesink  svgscenesrc num-images=4 ! svgencode features=semantic "
             "! queue ! f.reference  svgscenesrc seed=1 num-images=5 ! svgencode features=semantic "
             "! queue ! f.test"},
        Line{"Probe",
             "svgprobe name=p ! fakesink  svgscenesrc size=8 num-images=4 ! queue ! p.reference  "
             "svgscenesrc size=8 num-images=3 ! queue ! p.test"},
        Line{"Store",
             "svgscenesrc num-images=4 ! svgencode batch-size=2 ! svgalign labels=true ! "
             "svglatentsink location=LOCATION"},
        Line{"TrainAutoencoder",
             "svgscenesrc num-images=4 ! svgtrainautoencoder batch-size=2 discriminator-start=2 "
             "checkpoint=LOCATION"},
        Line{"TrainEncoder",
             "svgscenesrc num-images=4 ! svgtrainencoder batch-size=2 prototypes=16 head-width=16 "
             "checkpoint=LOCATION"},
        Line{"TrainDiffusion",
             "svgscenesrc num-images=4 ! svgencode batch-size=2 ! svgalign labels=true ! queue ! "
             "svgtraindiffusion batch-size=2 checkpoint=LOCATION"},
        Line{"Follow",
             "svgscenesrc num-images=4 ! svgencode batch-size=2 ! svgalign labels=true ! "
             "svgtraindiffusion batch-size=2  svgdiffuse follow-training=true steps=1 num-images=3 "
             "! svgdecode follow-training=true ! fakesink"},
        Line{"Tee",
             "svgdiffuse steps=1 num-images=3 ! tee name=t ! queue ! svgdecode ! fakesink  "
             "t. ! queue ! fakesink"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// A program that ends without stopping its pipelines, as many small ones do.
class Exit : public ::testing::TestWithParam<const char*> {};

TEST_P(Exit, InTheMiddleOfAPictureIsClean) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        auto* pipeline = new Pipeline(GetParam());
        pipeline->go_to(GST_STATE_PLAYING);
        g_usleep(300'000);
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(
    Lines, Exit,
    ::testing::Values("svgdiffuse ! svgdecode ! fakesink",
                      "videotestsrc ! video/x-raw,format=RGB,width=64,height=64 ! svgencode ! "
                      "svgalign ! svgdecode ! fakesink"));

TEST(States, AnErrorInTheStreamLeavesNothingBehind) {
  for (int round = 0; round < 3; ++round) {
    error_of(video(4) + " ! svgencode ! svgdecode ! fakesink");
    error_of(video(4, "width=100,height=100") + " ! svgencode ! svgalign ! svgdecode ! fakesink");
    error_of("svgdiffuse classes=99 ! svgdecode ! fakesink");
  }
}

}  // namespace
}  // namespace svgen::gst::testing
