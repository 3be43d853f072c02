// SPDX-License-Identifier: MIT
// Tests of svgdiffuse as a source: seeks, cancelling, live, messages.
#include <atomic>
#include <thread>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using Clock = std::chrono::steady_clock;

// Returns the index of the first image of each sample.
std::vector<int64_t> indices_of(const std::vector<Sample>& samples) {
  std::vector<int64_t> indices;
  for (const Sample& sample : samples)
    for (const ImageFacts& fact :
         image_facts(sample.buffer.get(), static_cast<size_t>(sample.stream().batch)))
      indices.push_back(fact.index);
  return indices;
}

TEST(DiffusePresets, SetHowImagesAreMade) {
  const Pipeline pipeline("svgdiffuse name=g seed=5 ! fakesink");
  GstElement* element = pipeline.element("g");
  struct Row {
    const char* name;
    gint64 steps;
    double scale;
  };
  for (const Row& row : {Row{"draft", 5, 1}, Row{"paper", 25, 4}, Row{"quality", 50, 1.5}}) {
    ASSERT_TRUE(gst_preset_load_preset(GST_PRESET(element), row.name)) << row.name;
    gint64 steps = 0;
    guint64 seed = 0;
    double scale = 0;
    g_object_get(element, "steps", &steps, "guidance-scale", &scale, "seed", &seed, nullptr);
    EXPECT_EQ(steps, row.steps) << row.name;
    EXPECT_EQ(scale, row.scale) << row.name;
    EXPECT_EQ(seed, 5) << "what a preset does not name stays";
  }
  EXPECT_FALSE(gst_preset_load_preset(GST_PRESET(element), "none"));
}

TEST(DiffuseShare, IsAnEqualPartOfTheImages) {
  const std::string line = "svgdiffuse steps=1 num-images=5 first-index=2 batch-size=2";
  const std::vector<Sample> all = samples_of(line);
  {
    const svgen::testing::ScopedVariable rank("RANK", "1"), world("WORLD_SIZE", "2");
    const std::vector<Sample> share = samples_of(line + " framerate=1/1");
    EXPECT_EQ(indices_of(share), (std::vector<int64_t>{4, 5, 6}));
    EXPECT_TRUE(share.at(0).bytes() == all.at(1).bytes());
    EXPECT_EQ(GST_BUFFER_PTS(share.at(0).buffer.get()), 0u) << "the part's own time";
    EXPECT_EQ(indices_of(samples_of(line + " shard=none")), indices_of(all));
    EXPECT_EQ(indices_of(samples_of("svgdiffuse steps=1 num-buffers=2")),
              (std::vector<int64_t>{0, 1}))
        << "a stream without end";
  }
  const svgen::testing::ScopedVariable rank("RANK", "3"), world("WORLD_SIZE", "9");
  EXPECT_TRUE(samples_of("svgdiffuse steps=1 num-images=2").empty())
      << "more processes than images";
}

class DiffuseSeek : public ::testing::Test {
 protected:
  // Prerolls, seeks, plays to the end.
  std::vector<Sample> after_seek(const std::string& settings, GstFormat format, gint64 start,
                                 gint64 stop, double rate = 1) {
    pipeline_ = std::make_unique<Pipeline>("svgdiffuse name=g steps=1 seed=3 " + settings +
                                           " ! appsink name=out sync=false");
    EXPECT_TRUE(pipeline_->go_to(GST_STATE_PAUSED));
    accepted_ = gst_element_seek(
        pipeline_->get(), rate, format, GstSeekFlags(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
        GST_SEEK_TYPE_SET, start, stop < 0 ? GST_SEEK_TYPE_NONE : GST_SEEK_TYPE_SET, stop);
    if (!accepted_) return {};
    EXPECT_TRUE(pipeline_->run());
    return pipeline_->take_samples();
  }

  std::unique_ptr<Pipeline> pipeline_;
  bool accepted_ = false;
};

TEST_F(DiffuseSeek, ByIndexStartsAtThatImage) {
  const std::vector<Sample> rest = after_seek("num-images=6", GST_FORMAT_DEFAULT, 4, -1);
  EXPECT_EQ(indices_of(rest), (std::vector<int64_t>{4, 5}));
  const std::vector<Sample> all = samples_of("svgdiffuse steps=1 seed=3 num-images=6");
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(rest[i].bytes() == all[4 + i].bytes());
}

TEST_F(DiffuseSeek, AStopEndsBeforeThatImageEvenWithinABatch) {
  const std::vector<Sample> some = after_seek("batch-size=4", GST_FORMAT_DEFAULT, 2, 7);
  EXPECT_EQ(indices_of(some), (std::vector<int64_t>{2, 3, 4, 5, 6}));
}

TEST_F(DiffuseSeek, ByTimeFollowsTheRate) {
  const std::vector<Sample> rest =
      after_seek("num-images=6 framerate=10/1 first-index=100", GST_FORMAT_TIME,
                 static_cast<gint64>(400 * GST_MSECOND), -1);
  EXPECT_EQ(indices_of(rest), (std::vector<int64_t>{104, 105}));
  EXPECT_EQ(GST_BUFFER_PTS(rest.at(0).buffer.get()), 400 * GST_MSECOND);
}

TEST_F(DiffuseSeek, ByIndexWorksWithARateToo) {
  const std::vector<Sample> rest =
      after_seek("num-images=6 framerate=10/1", GST_FORMAT_DEFAULT, 4, -1);
  EXPECT_EQ(indices_of(rest), (std::vector<int64_t>{4, 5}));
}

TEST_F(DiffuseSeek, BeforeTheFirstImageIsTheFirst) {
  EXPECT_EQ(indices_of(after_seek("first-index=5 num-images=2", GST_FORMAT_DEFAULT, 0, -1)),
            (std::vector<int64_t>{5, 6}));
}

TEST_F(DiffuseSeek, BehindTheLastIsTheEnd) {
  EXPECT_TRUE(after_seek("num-images=2", GST_FORMAT_DEFAULT, 10, -1).empty());
}

TEST_F(DiffuseSeek, ByTimeWithoutARateIsRefused) {
  after_seek("num-images=2", GST_FORMAT_TIME, GST_SECOND, -1);
  EXPECT_FALSE(accepted_);
}

TEST_F(DiffuseSeek, BackwardsTheLastImageComesFirst) {
  const std::vector<Sample> back =
      after_seek("num-images=6 batch-size=4", GST_FORMAT_DEFAULT, 1, -1, -1);
  EXPECT_EQ(indices_of(back), (std::vector<int64_t>{5, 4, 3, 2, 1}));
  const std::vector<Sample> all = samples_of("svgdiffuse steps=1 seed=3 num-images=6");
  EXPECT_TRUE(back.at(1).bytes() == all[1].bytes());
  EXPECT_EQ(GST_BUFFER_OFFSET(back[0].buffer.get()), 2u);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(back[0].buffer.get()), 6u);
}

TEST_F(DiffuseSeek, BackwardsTimesFall) {
  const std::vector<Sample> back = after_seek("framerate=10/1 batch-size=2", GST_FORMAT_TIME, 0,
                                              static_cast<gint64>(400 * GST_MSECOND), -1);
  EXPECT_EQ(indices_of(back), (std::vector<int64_t>{3, 2, 1, 0}));
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(GST_BUFFER_PTS(back[0].buffer.get()), 200 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_DURATION(back[0].buffer.get()), 200 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_PTS(back[1].buffer.get()), 0u);
}

TEST_F(DiffuseSeek, BackwardsFramesOfTheDecoderFallToo) {
  Pipeline pipeline(
      "svgdiffuse name=g steps=1 num-images=4 batch-size=3 framerate=10/1 ! svgdecode ! "
      "appsink name=out sync=false");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  ASSERT_TRUE(gst_element_seek(pipeline.get(), -1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                               GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1));
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> frames = pipeline.take_samples();
  ASSERT_EQ(frames.size(), 4u);
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(GST_BUFFER_PTS(frames[i].buffer.get()), (3 - i) * 100 * GST_MSECOND);
    EXPECT_EQ(image_facts(frames[i].buffer.get(), 1)[0].index, static_cast<int64_t>(3 - i));
    EXPECT_EQ(frames[i].segment.rate, -1);
  }
}

TEST_F(DiffuseSeek, AnEndlessRunHasNoLastImageToStartFrom) {
  after_seek("", GST_FORMAT_DEFAULT, 0, -1, -1);
  EXPECT_FALSE(accepted_);
}

// Plays the same three images twice without a flush, as a player that loops does.
TEST_F(DiffuseSeek, ASegmentEndsWithAMessageAndCanBePlayedAgain) {
  Pipeline pipeline("svgdiffuse name=g steps=1 seed=3 ! appsink name=out sync=false");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  const auto seek = [&](int flags) {
    return gst_element_seek(pipeline.get(), 1, GST_FORMAT_DEFAULT, GstSeekFlags(flags),
                            GST_SEEK_TYPE_SET, 2, GST_SEEK_TYPE_SET, 5);
  };
  ASSERT_TRUE(seek(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const MessagePtr done = pipeline.wait_for(GST_MESSAGE_SEGMENT_DONE);
  ASSERT_TRUE(done);
  gint64 position = 0;
  gst_message_parse_segment_done(done.get(), nullptr, &position);
  EXPECT_EQ(position, 5);
  ASSERT_TRUE(seek(GST_SEEK_FLAG_NONE));
  ASSERT_TRUE(pipeline.wait_for_end());
  EXPECT_EQ(indices_of(pipeline.take_samples()), (std::vector<int64_t>{2, 3, 4, 2, 3, 4}));
}

TEST_F(DiffuseSeek, ThroughTheDecoderFramesStartAgainAtZero) {
  Pipeline pipeline(
      "svgdiffuse name=g steps=1 num-images=6 ! svgdecode ! appsink name=out sync=false");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  ASSERT_TRUE(
      gst_element_seek_simple(pipeline.element("g"), GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH, 4));
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> frames = pipeline.take_samples();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(image_facts(frames[0].buffer.get(), 1)[0].index, 4);
  EXPECT_EQ(GST_BUFFER_PTS(frames[0].buffer.get()), 0u);
}

TEST(DiffuseQueries, DurationIsImagesAndTime) {
  Pipeline pipeline(
      "svgdiffuse name=g steps=1 num-images=30 framerate=10/1 first-index=5 ! fakesink");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  gint64 duration = 0;
  ASSERT_TRUE(gst_element_query_duration(pipeline.element("g"), GST_FORMAT_TIME, &duration));
  EXPECT_EQ(duration, static_cast<gint64>(3 * GST_SECOND));
  ASSERT_TRUE(gst_element_query_duration(pipeline.element("g"), GST_FORMAT_DEFAULT, &duration));
  EXPECT_EQ(duration, 35);
}

TEST(DiffuseQueries, AnEndlessRunHasNoDuration) {
  Pipeline pipeline("svgdiffuse name=g steps=1 ! fakesink");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  gint64 duration = -1;
  gst_element_query_duration(pipeline.element("g"), GST_FORMAT_DEFAULT, &duration);
  EXPECT_EQ(duration, -1);
}

TEST(DiffuseProperties, MayChangeWhileImagesAreMade) {
  Pipeline pipeline("svgdiffuse name=g steps=1 num-images=12 ! svgdecode name=d ! fakesink");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  std::atomic<bool> ended{false};
  std::thread changes([&] {
    for (guint64 i = 0; !ended; ++i) {
      g_object_set(pipeline.element("g"), "seed", i, "steps", gint64(1 + i % 3), "guidance-scale",
                   1.0 + static_cast<double>(i % 2), "solver", gint(i % 2), nullptr);
      GstStructure* stats = nullptr;
      g_object_get(pipeline.element("d"), "model-stats", &stats, nullptr);
      const StructurePtr owned(stats);
      g_usleep(1000);
    }
  });
  EXPECT_TRUE(pipeline.wait_for_end());
  ended = true;
  changes.join();
}

class LongRun : public ::testing::TestWithParam<const char*> {};

TEST_P(LongRun, StopsWithinASecond) {
  Pipeline pipeline("svgdiffuse steps=1000 batch-size=4 " + std::string(GetParam()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_usleep(700'000);  // in the middle of the first batch
  const Clock::time_point start = Clock::now();
  pipeline.stop();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
  EXPECT_TRUE(pipeline.errors().empty());
}

INSTANTIATE_TEST_SUITE_P(Lines, LongRun,
                         ::testing::Values("! fakesink", "! svgdecode ! fakesink",
                                           "! queue ! svgdecode ! fakesink",
                                           "is-live=true framerate=30/1 ! fakesink"));

TEST(DiffuseFlush, AFlushingSeekCancelsARunningBatch) {
  Pipeline pipeline("svgdiffuse name=g steps=1000 batch-size=4 ! fakesink");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_usleep(300'000);
  g_object_set(pipeline.element("g"), "steps", gint64{1}, nullptr);
  const Clock::time_point start = Clock::now();
  EXPECT_TRUE(gst_element_seek(pipeline.element("g"), 1.0, GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH,
                               GST_SEEK_TYPE_SET, 8, GST_SEEK_TYPE_SET, 12));
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
  EXPECT_TRUE(pipeline.wait_for_end());
}

// Each seek cancels the work for the one before; only the last one is played.
TEST(DiffuseFlush, AStormOfSeeksEndsWithTheLast) {
  Pipeline pipeline("svgdiffuse name=g steps=3 batch-size=2 ! queue ! svgdecode ! fakesink name=s");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PLAYING));
  for (gint64 i = 0; i < 300; ++i) {
    ASSERT_TRUE(gst_element_seek(pipeline.element("g"), 1.0, GST_FORMAT_DEFAULT,
                                 GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, i, GST_SEEK_TYPE_SET,
                                 i + 4));
    if (i % 7 == 0) g_usleep(5000);  // some images reach the decoder
  }
  EXPECT_TRUE(pipeline.wait_for_end());
  EXPECT_TRUE(pipeline.errors().empty());
}

TEST(DiffuseLive, ImagesComeWhenTheirTimeHasCome) {
  Pipeline pipeline(
      "svgdiffuse steps=1 guidance-scale=1 num-images=4 is-live=true framerate=10/1 ! "
      "appsink name=out sync=false");
  const Clock::time_point start = Clock::now();
  ASSERT_TRUE(pipeline.run());
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(290));
  EXPECT_EQ(pipeline.take_samples().size(), 4u);
}

TEST(DiffuseLive, ALiveSourceDoesNotPreroll) {
  Pipeline pipeline("svgdiffuse steps=1 is-live=true ! fakesink");
  EXPECT_EQ(gst_element_set_state(pipeline.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
}

TEST(DiffuseLive, RestsWhileItIsPausedAndGoesOnBehind) {
  const std::string line =
      "svgdiffuse steps=20 preview-interval=1 batch-size=2 num-images=2 is-live=";
  const std::string sink = " ! appsink name=out sync=false";
  Pipeline pipeline(line + "true" + sink);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(pipeline.wait_for_message("svg-preview"));
  EXPECT_EQ(gst_element_set_state(pipeline.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  g_usleep(300'000);  // the step at hand
  GstBus* bus = gst_element_get_bus(pipeline.get());
  gst_bus_set_flushing(bus, TRUE);
  gst_bus_set_flushing(bus, FALSE);
  g_usleep(300'000);
  EXPECT_FALSE(gst_bus_have_pending(bus));
  gst_object_unref(bus);
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> samples = pipeline.take_samples();
  const std::vector<Sample> expected = samples_of(line + "false");
  ASSERT_EQ(samples.size(), expected.size());
  for (size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i].bytes(), expected[i].bytes());
}

TEST(DiffuseLive, EndsWhileItIsPaused) {
  Pipeline pipeline("svgdiffuse steps=10000 preview-interval=1 is-live=true ! fakesink");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(pipeline.wait_for_message("svg-preview"));
  gst_element_set_state(pipeline.get(), GST_STATE_PAUSED);
  g_usleep(200'000);
  const Clock::time_point start = Clock::now();
  pipeline.stop();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
}

TEST(DiffuseMessages, EveryImageIsAnnounced) {
  Pipeline pipeline(
      "svgdiffuse steps=1 seed=8 num-images=3 batch-size=2 classes=car,ball ! fakesink");
  ASSERT_TRUE(pipeline.run());
  const std::vector<const GstStructure*> images = pipeline.messages_named("svg-image");
  ASSERT_EQ(images.size(), 3u);
  gint64 index = -1, label = -1;
  guint64 seed = 0;
  EXPECT_TRUE(gst_structure_get_int64(images[2], "index", &index));
  EXPECT_TRUE(gst_structure_get_int64(images[2], "class", &label));
  EXPECT_TRUE(gst_structure_get_uint64(images[2], "seed", &seed));
  EXPECT_EQ(index, 2);
  EXPECT_EQ(label, 15);
  EXPECT_EQ(seed, 8u);
  EXPECT_STREQ(gst_structure_get_string(images[1], "class-name"), "ball");
  EXPECT_STREQ(gst_structure_get_string(images[2], "location-hint"), "2-car-8");
}

TEST(DiffuseMessages, ALongRunTellsHowFarItIs) {
  Pipeline pipeline("svgdiffuse steps=1000 num-images=4 batch-size=4 ! fakesink");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(pipeline.wait_for_message("svg-progress"));
  pipeline.stop();
  const std::vector<const GstStructure*> progress = pipeline.messages_named("svg-progress");
  ASSERT_GE(progress.size(), 1u);
  gint64 step = 0, steps = 0, total = 0;
  gdouble eta = 0;
  EXPECT_TRUE(gst_structure_get_int64(progress[0], "step", &step));
  EXPECT_TRUE(gst_structure_get_int64(progress[0], "steps", &steps));
  EXPECT_TRUE(gst_structure_get_int64(progress[0], "images-total", &total));
  EXPECT_TRUE(gst_structure_get_double(progress[0], "eta", &eta));
  EXPECT_GT(step, 0);
  EXPECT_EQ(steps, 1000);
  EXPECT_EQ(total, 4);
  EXPECT_GT(eta, 0);
}

TEST(DiffuseRelink, ANewPeerGetsTheMemoryItNames) {
  Pipeline pipeline("svgdiffuse name=g steps=1 num-images=20 ! identity name=i ! fakesink name=s");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PLAYING));
  GstPad* source = gst_element_get_static_pad(pipeline.element("g"), "src");
  const CapsPtr before(gst_pad_get_current_caps(source));
  EXPECT_FALSE(gst_caps_features_contains(gst_caps_get_features(before.get(), 0), kTensorFeature));
  struct Swap {
    Pipeline* pipeline;
    std::atomic<bool> done{false};
  } swap{&pipeline};
  gst_pad_add_probe(
      source, GST_PAD_PROBE_TYPE_IDLE,
      [](GstPad*, GstPadProbeInfo*, gpointer data) {
        auto* with = static_cast<Swap*>(data);
        GstElement* filter = gst_element_factory_make("capsfilter", nullptr);
        const CapsPtr caps(gst_caps_from_string("other/tensors(memory:SVGTensor),format=static"));
        g_object_set(filter, "caps", caps.get(), nullptr);
        gst_element_unlink(with->pipeline->element("g"), with->pipeline->element("i"));
        gst_bin_add(GST_BIN(with->pipeline->get()), filter);
        gst_element_link_many(with->pipeline->element("g"), filter, with->pipeline->element("i"),
                              nullptr);
        gst_element_sync_state_with_parent(filter);
        with->done = true;
        return GST_PAD_PROBE_REMOVE;
      },
      &swap, nullptr);
  EXPECT_TRUE(pipeline.wait_for_end());
  EXPECT_TRUE(swap.done);
  const CapsPtr after(gst_pad_get_current_caps(source));
  EXPECT_TRUE(gst_caps_features_contains(gst_caps_get_features(after.get(), 0), kTensorFeature));
  gst_object_unref(source);
}

}  // namespace
}  // namespace svgen::gst::testing
