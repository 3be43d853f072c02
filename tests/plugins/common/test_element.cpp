// SPDX-License-Identifier: MIT
// Tests of the glue between classes and GObject, with an element made for them.
#include "common/element.h"

#include <gst/base/gstpushsrc.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "harness.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> g_calls;  // what happened to the last Probe
std::atomic<bool> g_gone;          // its destructor has run
std::string g_fails;               // the method that throws

struct ProbeSettings {
  int64_t number = 3;
};

class Probe : public ElementImpl<ProbeSettings> {
 public:
  using Base = GstPushSrc;
  using BaseClass = GstPushSrcClass;
  static constexpr const char* kTypeName = "GstSvgTestProbe";
  static constexpr const char* kFactory = "svgtestprobe";
  static constexpr const char* kLongName = "probe";
  static constexpr const char* kClassification = "Source";
  static constexpr const char* kDescription = "Writes down what is called";

  explicit Probe(gpointer instance) : ElementImpl(instance) { g_calls.push_back("made"); }
  ~Probe() { g_gone = true; }

  static GType parent_type() { return GST_TYPE_PUSH_SRC; }
  static std::vector<Property<Probe>> properties() {
    return {field<Probe>(&ProbeSettings::number, {.name = "number", .blurb = "a number"})};
  }
  static void class_init(GstPushSrcClass* klass) {
    const CapsPtr any(gst_caps_new_any());
    gst_element_class_add_pad_template(
        GST_ELEMENT_CLASS(klass),
        gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, any.get()));
    GST_BASE_SRC_CLASS(klass)->start = trampoline<&Probe::start>;
    klass->create = trampoline<&Probe::create>;
  }

  void open() { note("open"); }
  gboolean start() {
    note("start");
    return TRUE;
  }
  void prepare() { note("prepare"); }
  void close() { note("close"); }
  GstFlowReturn create(GstBuffer**) {
    note("create");
    return GST_FLOW_EOS;
  }

 private:
  static void note(const char* call) {
    g_calls.push_back(call);
    if (g_fails == call) throw ConfigurationError(std::string(call) + " went wrong");
  }
};

class ElementGlue : public ::testing::Test {
 protected:
  void SetUp() override {
    g_fails.clear();
    static const bool registered =
        gst_element_register(nullptr, Probe::kFactory, GST_RANK_NONE, Glue<Probe>::type()) != FALSE;
    ASSERT_TRUE(registered);
    pipeline_ = std::make_unique<Pipeline>("svgtestprobe ! fakesink");
    g_calls.clear();
    g_gone = false;
  }

  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(ElementGlue, CallsComeInTheOrderOfTheStates) {
  EXPECT_TRUE(pipeline_->run());
  pipeline_.reset();
  EXPECT_THAT(g_calls, ElementsAre("open", "prepare", "start", "create", "close"));
  // The streaming thread may give up its reference a moment after the pipeline is gone.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!g_gone && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(g_gone);
}

class FailingElement : public ElementGlue, public ::testing::WithParamInterface<const char*> {};

TEST_P(FailingElement, IsOneErrorAndNoCrash) {
  g_fails = GetParam();
  EXPECT_FALSE(pipeline_->run());
  EXPECT_THAT(pipeline_->only_error(), HasSubstr(g_fails + " went wrong"));
}

TEST_P(FailingElement, RecoversWhenTheCauseIsGone) {
  g_fails = GetParam();
  EXPECT_FALSE(pipeline_->run());
  g_fails.clear();
  EXPECT_TRUE(pipeline_->run());
}

INSTANTIATE_TEST_SUITE_P(Methods, FailingElement,
                         ::testing::Values("open", "prepare", "start", "create"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(ElementGlueTypes, FailuresOfATrampolineAreWhatTheSlotCallsFailure) {
  EXPECT_EQ(failure<GstFlowReturn>(), GST_FLOW_ERROR);
  EXPECT_EQ(failure<GstStateChangeReturn>(), GST_STATE_CHANGE_FAILURE);
  EXPECT_EQ(failure<gboolean>(), FALSE);
  EXPECT_EQ(failure<GstCaps*>(), nullptr);
}

}  // namespace
}  // namespace svgen::gst::testing
