// SPDX-License-Identifier: MIT
// Tests of svgencode tensor-meta=true: pictures that carry their features. Before GStreamer 1.26:
// tests that the build says what it lacks.
#include "svg/tensor_meta.h"

#include <gst/video/video.h>

#include "harness.h"

#ifdef SVGEN_TENSOR_META
#include <gst/analytics/analytics.h>
#endif

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string blurb() {
  const ElementPtr encoder = made("svgencode");
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(encoder.get()), "tensor-meta");
  return spec == nullptr ? "" : g_param_spec_get_blurb(spec);
}

#ifndef SVGEN_TENSOR_META
TEST(TensorMeta, ABuildWithoutItSaysSo) {
  EXPECT_THAT(blurb(), HasSubstr("not in this build: needs GStreamer 1.26"));
}

TEST(TensorMeta, AskingABuildWithoutItIsAnErrorThatSaysWhatToDo) {
  const std::string error = error_of(video(1) + " ! svgencode tensor-meta=true ! fakesink");
  EXPECT_THAT(error.substr(0, error.find('\n')), HasSubstr("GStreamer 1.26"));
}

TEST(TensorMeta, ASourcePadWithoutItIsOneOfTensors) {
  EXPECT_ANY_THROW(Pipeline("svgencode ! videoconvert ! fakesink"));
}
#else
TEST(TensorMeta, ABuildWithItLacksNothing) {
  EXPECT_THAT(blurb(), Not(HasSubstr("not in this build")));
}

// The bytes of one tensor of a picture's meta; empty when there is none of that name.
std::string carried(GstBuffer* picture, const char* id) {
  GstTensorMeta* meta = gst_buffer_get_tensor_meta(picture);
  const gint index =
      meta == nullptr ? -1 : gst_tensor_meta_get_index_from_id(meta, g_quark_from_string(id));
  if (index < 0) return "";
  GstBuffer* data = gst_tensor_meta_get(meta, static_cast<gsize>(index))->data;
  std::string bytes(gst_buffer_get_size(data), '\0');
  gst_buffer_extract(data, 0, bytes.data(), bytes.size());
  return bytes;
}

std::string bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.data()), tensor.byte_count()};
}

std::vector<Sample> ten_pictures(const std::string& settings) {
  return samples_of(video(10) + " ! svgencode batch-size=4 tensor-meta=true " + settings);
}

TEST(TensorMeta, EveryPictureLeavesOnceAsItCameWithItsTime) {
  const std::vector<Sample> plain = samples_of(video(10));
  const std::vector<Sample> carriers = ten_pictures("");
  ASSERT_EQ(carriers.size(), plain.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_TRUE(carriers[i].bytes() == plain[i].bytes()) << i;
    EXPECT_EQ(GST_BUFFER_PTS(carriers[i].buffer.get()), GST_BUFFER_PTS(plain[i].buffer.get()));
    EXPECT_EQ(GST_BUFFER_OFFSET(carriers[i].buffer.get()),
              GST_BUFFER_OFFSET(plain[i].buffer.get()));
    EXPECT_TRUE(gst_caps_is_always_compatible(carriers[i].caps.get(), plain[i].caps.get()))
        << caps_text(carriers[i].caps.get());
  }
}

TEST(TensorMeta, ItsTensorsAreThoseOfTheBatchesToTheBit) {
  const std::vector<Sample> batches = samples_of(video(10) + " ! svgencode batch-size=4");
  const std::vector<Sample> carriers = ten_pictures("");
  ASSERT_EQ(carriers.size(), 10u);
  for (int64_t i = 0; i < 10; ++i) {
    GstBuffer* picture = carriers[static_cast<size_t>(i)].buffer.get();
    const std::vector<Tensor> tensors = batches.at(static_cast<size_t>(i / 4)).tensors();
    EXPECT_TRUE(carried(picture, "svg-features") == bytes_of(tensors[0].rows(i % 4, 1))) << i;
    EXPECT_TRUE(carried(picture, "svg-residual") == bytes_of(tensors[1].rows(i % 4, 1))) << i;
  }
}

TEST(TensorMeta, EachTensorIsOnePictureRowMajorAndContiguous) {
  const std::vector<Sample> carriers = ten_pictures("");
  GstTensorMeta* meta = gst_buffer_get_tensor_meta(carriers.at(5).buffer.get());
  ASSERT_NE(meta, nullptr);
  ASSERT_EQ(meta->num_tensors, 2u);
  const gsize channels[] = {kSemantic, kResidual};
  for (gsize i = 0; i < 2; ++i) {
    const GstTensor* tensor = gst_tensor_meta_get(meta, i);
    EXPECT_STREQ(g_quark_to_string(tensor->id), i == 0 ? "svg-features" : "svg-residual");
    EXPECT_EQ(tensor->layout, GST_TENSOR_LAYOUT_CONTIGUOUS);
    EXPECT_EQ(tensor->dims_order, GST_TENSOR_DIM_ORDER_ROW_MAJOR);
    EXPECT_EQ(tensor->data_type, GST_TENSOR_DATA_TYPE_FLOAT32);
    ASSERT_EQ(tensor->num_dims, 3u);
    EXPECT_EQ(tensor->dims[0], 1u);
    EXPECT_EQ(tensor->dims[1], static_cast<gsize>(kTokens));
    EXPECT_EQ(tensor->dims[2], channels[i]);
  }
}

TEST(TensorMeta, FeaturesThatWereNotAskedForAreNotInIt) {
  const std::vector<Sample> semantic = ten_pictures("features=semantic");
  EXPECT_FALSE(carried(semantic.at(9).buffer.get(), "svg-features").empty());
  EXPECT_TRUE(carried(semantic.at(9).buffer.get(), "svg-residual").empty());
  const std::vector<Sample> residual = ten_pictures("features=residual");
  EXPECT_TRUE(carried(residual.at(9).buffer.get(), "svg-features").empty());
  EXPECT_FALSE(carried(residual.at(9).buffer.get(), "svg-residual").empty());
}

TEST(TensorMeta, PaddingSendsNoPictureAndDroppingDropsTheRest) {
  EXPECT_EQ(ten_pictures("partial-batch=pad").size(), 10u);
  EXPECT_EQ(ten_pictures("partial-batch=drop").size(), 8u);
}

TEST(TensorMeta, ElementsOfVideoFollow) {
  EXPECT_EQ(ten_pictures("! identity ! queue ! video/x-raw,format=RGB,width=64").size(), 10u);
  EXPECT_EQ(ten_pictures("! videoconvert ! video/x-raw,format=I420").size(), 10u);
}

TEST(TensorMeta, TheSizeThatFollowsIsAskedForUpstream) {
  const std::vector<Sample> samples = samples_of(
      "videotestsrc num-buffers=1 ! svgencode tensor-meta=true ! video/x-raw,width=128,height=96");
  EXPECT_EQ(carried(samples.at(0).buffer.get(), "svg-residual").size(),
            12u * 16 * kResidual * sizeof(float));
}

TEST(TensorMeta, ElementsThatTakeOnlyTensorsAreAnErrorThatSaysSo) {
  const std::string error =
      error_of(video(4) + " ! svgencode tensor-meta=true ! svgalign ! fakesink");
  EXPECT_THAT(error, HasSubstr("does not take its video"));
  EXPECT_THAT(error, HasSubstr("other/tensors"));
}

TEST(TensorMeta, ElementsThatTakeOnlyVideoAreAnErrorWithoutIt) {
  const std::string error = error_of(video(4) + " ! svgencode ! videoconvert ! fakesink");
  EXPECT_THAT(error, HasSubstr("does not take tensors"));
}

TEST(TensorMeta, VideoThatNoModelTakesIsTheSameErrorAsWithoutIt) {
  EXPECT_THAT(error_of("videotestsrc num-buffers=1 ! capssetter replace=true caps=\"video/x-raw,"
                       "format=RGB,width=64,height=64,framerate=30/1,interlace-mode=interleaved\" "
                       "! svgencode tensor-meta=true ! fakesink"),
              HasSubstr("interlaced"));
  EXPECT_THAT(
      error_of(video(1, "width=100,height=60") + " ! svgencode tensor-meta=true ! fakesink"),
      HasSubstr("videoscale"));
}

class TensorMetaByHand : public ::testing::Test {
 protected:
  void start(const std::string& settings) {
    encoder_ = harness("svgencode features=residual tensor-meta=true " + settings);
    gst_harness_set_src_caps_str(encoder_.get(), kPictureCaps);
  }
  void push(BufferPtr picture) {
    ASSERT_EQ(gst_harness_push(encoder_.get(), picture.release()), GST_FLOW_OK);
  }
  int64_t waiting() const { return gst_harness_buffers_in_queue(encoder_.get()); }

  HarnessPtr encoder_;
};

TEST_F(TensorMetaByHand, APictureThatSomebodyElseHoldsIsNotCopied) {
  start("");
  BufferPtr picture_of_two = picture(0);
  const BufferPtr other(gst_buffer_ref(picture_of_two.get()));
  const GstMemory* pixels = gst_buffer_peek_memory(other.get(), 0);
  push(std::move(picture_of_two));
  const BufferPtr carrier = pull(encoder_);
  EXPECT_EQ(gst_buffer_peek_memory(carrier.get(), 0), pixels);
  EXPECT_FALSE(carried(carrier.get(), "svg-residual").empty());
  EXPECT_EQ(gst_buffer_get_tensor_meta(other.get()), nullptr);
}

TEST_F(TensorMetaByHand, OtherTensorsStayAndThoseOfTheSameNameAreReplaced) {
  start("");
  for (const bool is_shared : {false, true}) {
    BufferPtr frame = picture(0);
    gsize sizes[] = {4};
    auto** tensors = g_new(GstTensor*, 2);
    for (int i = 0; i < 2; ++i) {
      tensors[i] = gst_tensor_new_simple(
          g_quark_from_string(i == 0 ? "depth" : "svg-residual"), GST_TENSOR_DATA_TYPE_UINT8,
          gst_buffer_new_memdup("abcd", 4), GST_TENSOR_DIM_ORDER_ROW_MAJOR, 1, sizes);
    }
    gst_tensor_meta_set(gst_buffer_add_tensor_meta(frame.get()), 2, tensors);
    const BufferPtr other(is_shared ? gst_buffer_ref(frame.get()) : nullptr);
    push(std::move(frame));
    const BufferPtr carrier = pull(encoder_);
    EXPECT_EQ(carried(carrier.get(), "depth"), "abcd");
    EXPECT_EQ(carried(carrier.get(), "svg-residual").size(), sizeof(float) * kTokens * kResidual);
    EXPECT_EQ(gst_buffer_get_tensor_meta(carrier.get())->num_tensors, 2u);
  }
}

TEST_F(TensorMetaByHand, FactsAboutThePictureStay) {
  start("batch-size=2");
  for (int i = 0; i < 2; ++i) {
    BufferPtr frame = picture(i);
    set_image_facts(frame.get(), {{100 + i, 3 + i, 42}});
    push(std::move(frame));
  }
  for (int i = 0; i < 2; ++i) {
    const BufferPtr carrier = pull(encoder_);
    const ImageFacts fact = image_facts(carrier.get(), 1).front();
    EXPECT_EQ(fact.index, 100 + i);
    EXPECT_EQ(fact.label, 3 + i);
  }
}

TEST_F(TensorMetaByHand, ABatchLeavesOneByOneWhenItIsFull) {
  start("batch-size=3");
  for (int i = 0; i < 2; ++i) push(picture(i));
  EXPECT_EQ(waiting(), 0);
  for (int i = 2; i < 5; ++i) push(picture(i));
  ASSERT_EQ(waiting(), 3);
  for (guint64 i = 0; i < 3; ++i)
    EXPECT_EQ(GST_BUFFER_PTS(pull(encoder_).get()), i * 100 * GST_MSECOND);
}

TEST_F(TensorMetaByHand, TheEndOfTheStreamATimeoutAndNewCapsSendWhatWaits) {
  start("batch-size=8 batch-timeout=100000000");
  for (int i = 0; i < 2; ++i) push(picture(i));
  EXPECT_TRUE(pull(encoder_));  // by the timeout
  EXPECT_TRUE(pull(encoder_));
  push(picture(2));
  gst_harness_set_src_caps_str(encoder_.get(),
                               "video/x-raw, format=(string)RGB, width=(int)128, height=(int)128, "
                               "framerate=(fraction)10/1, pixel-aspect-ratio=(fraction)1/1");
  EXPECT_EQ(carried(pull(encoder_).get(), "svg-residual").size(),
            sizeof(float) * kTokens * kResidual);
  push(picture(3, 128));
  gst_harness_push_event(encoder_.get(), gst_event_new_eos());
  EXPECT_EQ(carried(pull(encoder_).get(), "svg-residual").size(),
            sizeof(float) * 4 * kTokens * kResidual);
}

TEST_F(TensorMetaByHand, AFlushForgetsWhatWaits) {
  start("batch-size=2");
  push(picture(0));
  gst_harness_push_event(encoder_.get(), gst_event_new_flush_start());
  gst_harness_push_event(encoder_.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(encoder_.get(), gst_event_new_segment(&segment));
  for (int i = 10; i < 12; ++i) push(picture(i));
  ASSERT_EQ(waiting(), 2);
  EXPECT_EQ(GST_BUFFER_PTS(pull(encoder_).get()), GST_SECOND);
}

// Whoever gets the pictures says how they may lie in memory, since they arrive there as they are.
TEST_F(TensorMetaByHand, PaddedRowsAreTakenWhereWhatFollowsTakesThem) {
  for (const bool takes_them : {false, true}) {
    start("batch-size=2");
    if (takes_them)
      gst_harness_add_propose_allocation_meta(encoder_.get(), GST_VIDEO_META_API_TYPE, nullptr);
    const CapsPtr caps(gst_caps_from_string(kPictureCaps));
    const QueryPtr query(gst_query_new_allocation(caps.get(), TRUE));
    EXPECT_TRUE(gst_pad_peer_query(encoder_->srcpad, query.get()));
    EXPECT_EQ(
        gst_query_find_allocation_meta(query.get(), GST_VIDEO_META_API_TYPE, nullptr) != FALSE,
        takes_them);
    EXPECT_EQ(gst_query_get_n_allocation_pools(query.get()), 0u);
  }
}
#endif

}  // namespace
}  // namespace svgen::gst::testing
