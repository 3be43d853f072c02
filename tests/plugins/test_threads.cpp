// SPDX-License-Identifier: MIT
// Elements under many threads: buffers, events, settings and states from everywhere at once; and
// what applications do with running pipelines.
#include <gst/app/gstappsrc.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

struct Line {
  const char* name;
  const char* elements;  // the settings of the first one change
  const char* caps;
  size_t bytes;
};

class Stress : public ::testing::TestWithParam<Line> {
 protected:
  struct Action {
    ElementPtr element;
    void (*action)(GstElement*);
  };

  void SetUp() override {
    harness_ = harness(with_settings(GetParam().elements, kTinyModel));
    gst_harness_set_drop_buffers(harness_.get(), TRUE);
    gst_harness_set_src_caps_str(harness_.get(), GetParam().caps);
    gst_segment_init(&segment_, GST_FORMAT_TIME);
  }

  void TearDown() override {
    // Whatever happened, the elements work after a new start.
    gst_element_set_state(harness_->element, GST_STATE_NULL);
    actions_.clear();
    harness_.reset();
    SetUp();
    EXPECT_EQ(gst_harness_push(harness_.get(), buffer()), GST_FLOW_OK);
  }

  GstBuffer* buffer() const {
    GstBuffer* made = gst_buffer_new_allocate(nullptr, GetParam().bytes, nullptr);
    gst_buffer_memset(made, 0, 0, GetParam().bytes);
    GST_BUFFER_PTS(made) = 0;
    GST_BUFFER_DURATION(made) = 100 * GST_MSECOND;
    return made;
  }

  // Pushes buffers from one thread for a second, while the other threads run.
  void run(const std::vector<std::function<GstHarnessThread*()>>& others) {
    GstHarness* h = harness_.get();
    const CapsPtr caps(gst_caps_from_string(GetParam().caps));
    const BufferPtr pushed(buffer());
    std::vector<GstHarnessThread*> threads = {
        gst_harness_stress_push_buffer_start(h, caps.get(), &segment_, pushed.get())};
    for (const auto& other : others) threads.push_back(other());
    g_usleep(G_USEC_PER_SEC);
    while (!threads.empty()) {
      EXPECT_GT(gst_harness_stress_thread_stop(threads.back()), 0u);
      threads.pop_back();
    }
  }

  GstHarnessThread* settings() {
    return often(
        1000, [](GstElement* element) { g_object_set(element, "dtype", "float32", nullptr); });
  }
  GstHarnessThread* lateness() {
    return gst_harness_stress_push_upstream_event_start_full(
        harness_.get(), gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, GST_SECOND, 0), 500);
  }
  GstHarnessThread* reconfigurations() {
    return gst_harness_stress_push_upstream_event_start_full(harness_.get(),
                                                             gst_event_new_reconfigure(), 2000);
  }
  GstHarnessThread* queries() {
    return often(
        300,
        [](GstElement* element) {
          const QueryPtr latency(gst_query_new_latency());
          gst_element_query(element, latency.get());
          GstStructure* stats = nullptr;
          g_object_get(element, "model-stats", &stats, nullptr);
          if (stats != nullptr) gst_structure_free(stats);
        });
  }
  // Repeats an action on the first element, with pauses of so many microseconds.
  GstHarnessThread* often(gulong pause, void (*action)(GstElement*)) {
    const std::string line = GetParam().elements;
    const std::string factory = line.substr(0, line.find(' '));
    actions_.emplace_back(
        new Action{ElementPtr(gst_harness_find_element(harness_.get(), factory.c_str())), action});
    return gst_harness_stress_custom_start(
        harness_.get(), nullptr,
        [](gpointer, gpointer data) {
          const auto* what = static_cast<const Action*>(data);
          what->action(what->element.get());
        },
        actions_.back().get(), pause);
  }
  GstHarnessThread* states() {
    return gst_harness_stress_statechange_start_full(harness_.get(), 5000);
  }

  HarnessPtr harness_;
  GstSegment segment_;
  std::vector<std::unique_ptr<Action>> actions_;
};

TEST_P(Stress, OfSettingsEventsAndQueries) {
  run({[this] { return settings(); }, [this] { return lateness(); },
       [this] { return reconfigurations(); }, [this] { return queries(); }});
}

// Flushes as a seek does: starts while a buffer is being pushed, and ends when the push has
// returned.
TEST_P(Stress, OfFlushes) {
  GstPad* pad = harness_->srcpad;
  std::atomic<bool> ended{false};
  std::atomic<int> refused{0};
  std::mutex streaming;
  std::thread pushes([&] {
    while (!ended) {
      const std::lock_guard lock(streaming);
      refused += gst_pad_push(pad, buffer()) == GST_FLOW_FLUSHING;
    }
  });
  for (int i = 0; i < 200; ++i) {
    gst_pad_push_event(pad, gst_event_new_flush_start());
    {
      const std::lock_guard lock(streaming);
      gst_pad_push_event(pad, gst_event_new_flush_stop(TRUE));
      gst_pad_push_event(pad, gst_event_new_segment(&segment_));
    }
    if (i % 3 == 0) g_usleep(2000);
  }
  ended = true;
  pushes.join();
  EXPECT_GT(refused, 0);
}

TEST_P(Stress, OfStates) {
  run({[this] { return states(); }, [this] { return settings(); }, [this] { return queries(); }});
}

INSTANTIATE_TEST_SUITE_P(
    Lines, Stress,
    ::testing::Values(
        Line{"Encode", "svgencode batch-size=3 batch-timeout=2000000",
             "video/x-raw,format=RGB,width=64,height=64,framerate=10/1", 64 * 64 * 3},
        Line{"Decode", "svgdecode",
             "other/tensors,format=static,num_tensors=1,types=float32,dimensions=56:16:1,"
             "framerate=10/1",
             56 * 16 * 4},
        Line{"Reconstruct", "svgencode batch-size=2 ! svgalign ! svgdecode",
             "video/x-raw,format=RGB,width=64,height=64,framerate=10/1", 64 * 64 * 3}),
    [](const auto& tested) { return std::string(tested.param.name); });

// An application that switches between two inputs while both run.
class Selector : public ::testing::TestWithParam<const char*> {};

TEST_P(Selector, SwitchesWhileItPlays) {
  Pipeline pipeline(GetParam());
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PLAYING));
  GstElement* selector = pipeline.element("s");
  for (int i = 0; i < 20; ++i) {
    const PadPtr pad(gst_element_get_static_pad(selector, i % 2 == 0 ? "sink_1" : "sink_0"));
    g_object_set(selector, "active-pad", pad.get(), nullptr);
    const size_t before = pipeline.sample_count();
    for (int waited = 0; pipeline.sample_count() < before + 3 && waited < 1000; ++waited)
      g_usleep(10'000);
    if (pipeline.sample_count() < before + 3) {
      ADD_FAILURE() << "nothing comes after switch " << i;
      break;
    }
  }
  pipeline.stop();
  for (const PostedError& error : pipeline.errors()) ADD_FAILURE() << error.text << error.debug;
}

// Both inputs have one size: right after a switch the selector may still send a picture of the
// input that it has left.
INSTANTIATE_TEST_SUITE_P(
    Lines, Selector,
    ::testing::Values("input-selector name=s ! svgdecode ! appsink name=out sync=false "
                      "svgdiffuse steps=1 seed=1 batch-size=2 framerate=10/1 ! s.sink_0 "
                      "svgdiffuse steps=1 seed=2 framerate=10/1 ! s.sink_1",
                      "input-selector name=s ! svgencode features=residual ! "
                      "appsink name=out sync=false "
                      "videotestsrc ! video/x-raw,format=RGB,width=64,height=64 ! s.sink_0 "
                      "videotestsrc pattern=ball ! video/x-raw,format=RGB,width=64,height=64 ! "
                      "s.sink_1"));

// An application that takes latents out of one pipeline and gives them to another.
class Application : public ::testing::TestWithParam<const char*> {};

TEST_P(Application, HandsLatentsOnFromAppsinkToAppsrc) {
  const std::string source = "svgdiffuse steps=1 seed=4 num-images=3 batch-size=2 framerate=10/1";
  const std::string decoder = " ! svgdecode ! video/x-raw,format=RGB";
  const std::vector<Sample> latents = samples_of(source + GetParam());
  ASSERT_EQ(latents.size(), 2u);
  EXPECT_EQ(latents[0].is_tensor_memory(), *GetParam() != '\0');
  Pipeline pipeline("appsrc name=in format=time" + decoder + " ! appsink name=out sync=false");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  GstAppSrc* entry = GST_APP_SRC(pipeline.element("in"));
  for (const Sample& batch : latents) {
    GstSample* sample =
        gst_sample_new(batch.buffer.get(), batch.caps.get(), &batch.segment, nullptr);
    EXPECT_EQ(gst_app_src_push_sample(entry, sample), GST_FLOW_OK);
    gst_sample_unref(sample);
  }
  gst_app_src_end_of_stream(entry);
  ASSERT_TRUE(pipeline.wait_for_end());
  const std::vector<Sample> frames = pipeline.take_samples(), direct = samples_of(source + decoder);
  ASSERT_EQ(frames.size(), direct.size());
  for (size_t i = 0; i < frames.size(); ++i) EXPECT_TRUE(frames[i].bytes() == direct[i].bytes());
}

INSTANTIATE_TEST_SUITE_P(Memories, Application,
                         ::testing::Values("", " ! other/tensors(memory:SVGTensor)"));

}  // namespace
}  // namespace svgen::gst::testing
