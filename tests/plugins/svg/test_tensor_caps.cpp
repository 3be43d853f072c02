// SPDX-License-Identifier: MIT
// Tests of the caps of video that carries tensors: the field is there from GStreamer 1.28 on.
#include "svg/tensor_caps.h"

#include "common/video_frames.h"
#include "harness.h"
#include "svg/tensor_meta.h"

namespace svgen::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

CapsPtr video_caps() {
  return CapsPtr(gst_caps_from_string(kPictureCaps));
}

std::vector<TensorKind> two_kinds() {
  return {{kFeaturesId, DType::kFloat32, {1, 64, 128}},
          {kResidualId, DType::kFloat32, {1, 64, 24}}};
}

TEST(TensorCaps, WhatIsAddedCanBeTakenBack) {
  const CapsPtr caps = without_tensor_caps(with_tensor_caps(video_caps(), two_kinds()));
  EXPECT_TRUE(gst_caps_is_equal(caps.get(), video_caps().get())) << caps_text(caps.get());
}

TEST(TensorCaps, StayFixedAndVideo) {
  const CapsPtr caps = with_tensor_caps(video_caps(), two_kinds());
  EXPECT_TRUE(gst_caps_is_fixed(caps.get()));
  EXPECT_TRUE(gst_caps_is_subset(caps.get(), video_caps().get()));
  EXPECT_EQ(video_info_of(caps.get()).width, kSide);
}

#ifdef GST_TYPE_UNIQUE_LIST
TEST(TensorCaps, NameTheTensorsWithTheirSizes) {
  const std::string text = caps_text(with_tensor_caps(video_caps(), two_kinds()).get());
  EXPECT_THAT(text, AllOf(HasSubstr("tensorgroups"), HasSubstr("svg-features"),
                          HasSubstr("svg-residual"), HasSubstr("row-major")));
}

TEST(TensorCaps, GroupsOfOthersStay) {
  const CapsPtr others(gst_caps_from_string(
      "video/x-raw, format=(string)RGB, tensors=(structure)[tensorgroups, depth=(string)x]"));
  ASSERT_TRUE(others);
  const CapsPtr both = with_tensor_caps(CapsPtr(gst_caps_ref(others.get())), two_kinds());
  EXPECT_THAT(caps_text(both.get()), AllOf(HasSubstr("depth"), HasSubstr("svg-features")));
  const CapsPtr back = without_tensor_caps(CapsPtr(gst_caps_ref(both.get())));
  EXPECT_THAT(caps_text(back.get()), AllOf(HasSubstr("depth"), Not(HasSubstr("svg-features"))));
}

TEST(TensorCaps, AreThoseOfTheEncoder) {
  const std::vector<Sample> samples = samples_of(video(1) + " ! svgencode tensor-meta=true");
  EXPECT_THAT(
      caps_text(samples.at(0).caps.get()),
      AllOf(HasSubstr("video/x-raw"), HasSubstr("svg-features"), HasSubstr("svg-residual")));
}
#endif

TEST(TensorCaps, VideoIsNarrowedToWhatFollowsOrNotAtAll) {
  const CapsPtr wide(gst_caps_from_string("video/x-raw, width=(int)[8, 64]"));
  CapsPtr size(gst_caps_from_string("video/x-raw, width=(int)32; other/tensors"));
  const CapsPtr both = narrowed_video(CapsPtr(gst_caps_ref(wide.get())), size.get());
  EXPECT_EQ(caps_text(both.get()), "video/x-raw, width=(int)32");
  size.reset(gst_caps_from_string("other/tensors"));
  const CapsPtr all = narrowed_video(CapsPtr(gst_caps_ref(wide.get())), size.get());
  EXPECT_TRUE(gst_caps_is_equal(all.get(), wide.get()));
}

TEST(TensorCaps, APeerThatTakesNothingOfItIsAnErrorWithBothCaps) {
  const HarnessPtr sink = harness("capsfilter caps=video/x-raw,format=GRAY8");
  GstPad* source = sink->srcpad;
  const CapsPtr caps = video_caps();
  try {
    check_follower(source, caps.get());
    FAIL() << "RGB for GRAY8";
  } catch (const ConfigurationError& error) {
    EXPECT_THAT(error.expected(), HasSubstr("RGB"));
    EXPECT_THAT(error.found(), HasSubstr("GRAY8"));
  }
  EXPECT_THROW(check_follower(source, nullptr), ConfigurationError);
  const CapsPtr grey(gst_caps_from_string("video/x-raw,format=GRAY8"));
  EXPECT_NO_THROW(check_follower(source, grey.get()));
}

}  // namespace
}  // namespace svgen::gst::testing
