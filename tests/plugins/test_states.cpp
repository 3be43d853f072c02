// SPDX-License-Identifier: MIT
// Every factory through the states, alone and in small pipelines; run under the leak tracer.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

const char* const kFactories[] = {"svgencode", "svgalign", "svgdiffuse", "svgdecode", "svgstats"};

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
    // What cannot start without.
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element_), "location") != nullptr) {
      g_object_set(element_, "location", (folder_.path() / "s").c_str(), nullptr);
    }
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
  for (int i = 0; i < 100; ++i) {
    gst_object_unref(gst_object_ref_sink(gst_element_factory_make(GetParam(), nullptr)));
  }
}

TEST_P(Alone, AFailedStartLeavesItUsable) {
  g_object_set(element_, "model", "no-such-model", nullptr);
  EXPECT_EQ(go_to(GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  g_object_set(element_, "model", "mini", nullptr);
  EXPECT_EQ(go_to(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  EXPECT_EQ(go_to(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
}

INSTANTIATE_TEST_SUITE_P(Factories, Alone, ::testing::ValuesIn(kFactories),
                         [](const auto& tested) { return std::string(tested.param); });

struct Line {
  const char* name;
  std::string text;
};

class SmallPipeline : public ::testing::TestWithParam<Line> {
 protected:
  std::string line() const {
    std::string text = GetParam().text;
    const std::string mark = "LOCATION";
    if (const size_t at = text.find(mark); at != std::string::npos) {
      text.replace(at, mark.size(), (folder_.path() / "s").string());
    }
    return text;
  }

  ScratchFolder folder_;
};

TEST_P(SmallPipeline, GoesThroughEverySequenceTwice) {
  Pipeline pipeline(line());
  for (int round = 0; round < 2; ++round) {
    for (const std::vector<GstState>& sequence : kSequences) {
      for (const GstState state : sequence) EXPECT_TRUE(pipeline.go_to(state));
      EXPECT_TRUE(pipeline.go_to(GST_STATE_NULL));
    }
  }
  pipeline.stop();
  EXPECT_TRUE(pipeline.errors().empty());
}

TEST_P(SmallPipeline, StopsAtOnceTwentyTimes) {
  Pipeline pipeline(line());
  for (int round = 0; round < 20; ++round) {
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    g_usleep(static_cast<gulong>(round * 3000));  // somewhere on the way
    pipeline.stop();
  }
  EXPECT_TRUE(pipeline.errors().empty());
}

TEST_P(SmallPipeline, PlaysToTheEndTwice) {
  Pipeline pipeline(line());
  EXPECT_TRUE(pipeline.run());
  EXPECT_TRUE(pipeline.run());
}

INSTANTIATE_TEST_SUITE_P(
    Lines, SmallPipeline,
    ::testing::Values(
        Line{"Generate", "svgdiffuse steps=1 num-images=3 batch-size=2 ! svgdecode ! fakesink"},
        Line{"Sheet",
             "svgdiffuse steps=1 num-images=3 batch-size=3 ! svgdecode grid-columns=2 ! fakesink"},
        Line{"Reconstruct", video(5) +
                                " ! svgencode batch-size=2 batch-timeout=1000000000 ! queue ! "
                                "svgalign labels=true ! queue ! svgdecode ! fakesink"},
        Line{"Measure", video(5) + " ! svgencode batch-size=2 ! svgstats location=LOCATION"},
        Line{"MeasureLatents", "svgdiffuse steps=1 num-images=3 ! svgstats location=LOCATION"},
        Line{"Tee",
             "svgdiffuse steps=1 num-images=3 ! tee name=t ! queue ! svgdecode ! fakesink  "
             "t. ! queue ! fakesink"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(States, AnErrorInTheStreamLeavesNothingBehind) {
  for (int round = 0; round < 3; ++round) {
    error_of(video(4) + " ! svgencode ! svgdecode ! fakesink");
    error_of(video(4, "width=100,height=100") + " ! svgencode ! svgalign ! svgdecode ! fakesink");
    error_of("svgdiffuse classes=99 ! svgdecode ! fakesink");
  }
}

}  // namespace
}  // namespace svgen::gst::testing
