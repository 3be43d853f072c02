// SPDX-License-Identifier: MIT
// Tests of tensor caps.
#include "common/tensor_stream.h"

#include <random>

#include "harness.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::report_of;
using ::testing::HasSubstr;

TensorStream parsed(const std::string& fields) {
  const CapsPtr caps(gst_caps_from_string(("other/tensors," + fields).c_str()));
  return TensorStream::parse(caps.get());
}

std::string one(const std::string& dimensions) {
  return "format=(string)static,num_tensors=(int)1,types=(string)float32,framerate=(fraction)15/2,"
         "dimensions=(string)" +
         dimensions;
}

TEST(TensorStream, ReadsTheFieldsInnermostFirst) {
  const TensorStream stream = parsed(one("136:64:4"));
  ASSERT_EQ(stream.entries.size(), 1u);
  EXPECT_EQ(stream.entries[0].channels, 136);
  EXPECT_EQ(stream.batch, 4);
  EXPECT_EQ(stream.grid, (Grid{8, 8}));
  EXPECT_EQ(stream.rate, (Fraction{15, 2}));
  EXPECT_EQ(stream.shape_of(stream.entries[0]), (Shape{4, 64, 136}));
  EXPECT_EQ(stream.bytes_of(stream.entries[0]), 4u * 64 * 136 * 4);
}

TEST(TensorStream, RanksTwoThreeAndFourMeanTheSame) {
  EXPECT_EQ(parsed(one("136:64")), parsed(one("136:64:1")));
  EXPECT_EQ(parsed(one("136:64:1:1")), parsed(one("136:64:1")));
  EXPECT_EQ(parsed(one("136:64:4:1")), parsed(one("136:64:4")));
}

TEST(TensorStream, BothSeparatorsOfTensorsAreRead) {
  const std::string rest = "format=static,num_tensors=2,framerate=0/1,";
  const TensorStream commas =
      parsed(rest + "dimensions=(string)\"128:64:2,8:64:2\",types=(string)\"float32,float32\"");
  const TensorStream dots =
      parsed(rest + "dimensions=(string)128:64:2.8:64:2,types=(string)float32.float32");
  EXPECT_EQ(commas, dots);
  EXPECT_EQ(commas.entries[1].channels, 8);
}

TEST(TensorStream, WritesRankThreeEvenForOneImage) {
  TensorStream stream;
  stream.entries = {{136}};
  stream.grid = {8, 8};
  EXPECT_THAT(caps_text(stream.caps(false).get()),
              HasSubstr("format=(string)static, num_tensors=(int)1, dimensions=(string)136:64:1, "
                        "types=(string)float32, framerate=(fraction)0/1"));
}

TEST(TensorStream, TheFeatureIsNamedOnRequest) {
  const TensorStream stream = parsed(one("136:64:4"));
  EXPECT_THAT(caps_text(stream.caps(true).get()), HasSubstr("other/tensors(memory:SVGTensor)"));
  EXPECT_THAT(caps_text(stream.caps(false).get()), ::testing::StartsWith("other/tensors, "));
}

TEST(TensorStream, OfferedCapsListSystemMemoryFirst) {
  const CapsPtr caps = offered_caps(parsed(one("136:64:4")));
  ASSERT_EQ(gst_caps_get_size(caps.get()), 2u);
  EXPECT_FALSE(gst_caps_features_contains(gst_caps_get_features(caps.get(), 0), kTensorFeature));
  EXPECT_TRUE(gst_caps_features_contains(gst_caps_get_features(caps.get(), 1), kTensorFeature));
}

TEST(TensorStream, ItsCapsReadBackAsTheSame) {
  for (const char* fields :
       {"136:64:4", "8:192:3,grid-width=(int)16,grid-height=(int)12", "1:1:1"}) {
    const TensorStream stream = parsed(one(fields));
    EXPECT_EQ(TensorStream::parse(stream.caps(true).get()), stream) << fields;
  }
}

TEST(TensorStream, AGridThatIsNotSquareIsSaidInTheCaps) {
  const TensorStream stream = parsed(one("8:192:3,grid-width=(int)16,grid-height=(int)12"));
  EXPECT_EQ(stream.grid, (Grid{12, 16}));
  EXPECT_THAT(caps_text(stream.caps(false).get()),
              HasSubstr("grid-width=(int)16, grid-height=(int)12"));
}

TEST(TensorStream, LabelsAreOneNumberForEachImage) {
  const TensorStream stream = parsed(
      "format=static,num_tensors=2,framerate=0/1,dimensions=(string)\"136:64:4,1:4\","
      "types=(string)\"float32,int64\"");
  EXPECT_TRUE(stream.entries[1].is_label);
  EXPECT_EQ(stream.shape_of(stream.entries[1]), (Shape{4}));
  EXPECT_EQ(stream.bytes_of(stream.entries[1]), 4u * 8);
  EXPECT_EQ(TensorStream::parse(stream.caps(false).get()), stream);
}

TEST(TensorStream, LabelsMayBeSpelledWithTrailingOnes) {
  const TensorStream stream = parsed(
      "format=static,num_tensors=2,framerate=0/1,dimensions=(string)\"136:64:4:1,1:4:1:1\","
      "types=(string)\"float32,int64\"");
  EXPECT_EQ(stream.shape_of(stream.entries[1]), (Shape{4}));
}

TEST(TensorStream, TheTextShowsBothNotations) {
  const std::string text = parsed(one("136:64:4")).text();
  EXPECT_THAT(text, HasSubstr("136:64:4"));
  EXPECT_THAT(text, HasSubstr("4 images of 8x8 tokens of 136 channels, float32"));
}

struct BadCaps {
  const char* name;
  const char* fields;
  const char* says;
};

class BadTensorCaps : public ::testing::TestWithParam<BadCaps> {};

TEST_P(BadTensorCaps, AreRefusedWithTheReason) {
  const std::string report = report_of<Error>([] { static_cast<void>(parsed(GetParam().fields)); });
  EXPECT_THAT(report, HasSubstr(GetParam().says));
}

#define ONE \
  "format=(string)static,num_tensors=(int)1,framerate=(fraction)0/1,types=(string)float32,"
#define TWO "format=(string)static,num_tensors=(int)2,framerate=(fraction)0/1,"
INSTANTIATE_TEST_SUITE_P(
    Fields, BadTensorCaps,
    ::testing::Values(
        BadCaps{"Flexible", "format=(string)flexible", "format=static"},
        BadCaps{"NoFormat", "num_tensors=(int)1", "format"},
        BadCaps{"NoDimensions", ONE "x=(int)1", "dimensions"},
        BadCaps{"EmptyDimensions", ONE "dimensions=(string)\"\"", "positive numbers"},
        BadCaps{"Letters", ONE "dimensions=(string)a:b:c", "positive numbers"},
        BadCaps{"Zero", ONE "dimensions=(string)136:64:0", "positive numbers"},
        BadCaps{"Negative", ONE "dimensions=(string)136:-64:1", "positive numbers"},
        BadCaps{"Overflow", ONE "dimensions=(string)136:99999999999999999999:1",
                "positive numbers"},
        BadCaps{"Huge", ONE "dimensions=(string)136:4611686018427387904:1", "CHANNELS:TOKENS"},
        BadCaps{"HugeBatch", ONE "dimensions=(string)136:64:1000000", "CHANNELS:TOKENS"},
        BadCaps{"RankFour", ONE "dimensions=(string)8:8:136:4", "CHANNELS:TOKENS"},
        BadCaps{"NotSquare", ONE "dimensions=(string)136:65:1", "grid-width"},
        BadCaps{"HalfAGrid", ONE "dimensions=(string)136:64:1,grid-width=(int)8",
                "both grid-width and grid-height"},
        BadCaps{"WrongGrid", ONE "dimensions=(string)136:64:1,grid-width=(int)8,grid-height=(int)9",
                "64 tokens"},
        BadCaps{"NegativeGrid",
                ONE "dimensions=(string)136:64:1,grid-width=(int)-8,grid-height=(int)-8",
                "64 tokens"},
        BadCaps{"UnknownType",
                "format=(string)static,num_tensors=(int)1,dimensions=(string)136:64:1,"
                "types=(string)complex64",
                "complex64"},
        BadCaps{"UnsignedCount",
                "format=(string)static,num_tensors=(uint)1,dimensions=(string)136:64:1,"
                "types=(string)float32",
                "num_tensors=(int)"},
        BadCaps{"Counts", TWO "dimensions=(string)136:64:1,types=(string)float32", "num_tensors"},
        BadCaps{"Batches", TWO "dimensions=(string)128:64:1.8:64:2,types=(string)float32.float32",
                "same batch"},
        BadCaps{"Tokens", TWO "dimensions=(string)128:64:1.8:49:1,types=(string)float32.float32",
                "same batch and tokens"},
        BadCaps{"LabelsFirst", TWO "dimensions=(string)1:4.136:64:4,types=(string)int64.float32",
                "CHANNELS:TOKENS"},
        BadCaps{"WideLabels", TWO "dimensions=(string)136:64:4.2:4,types=(string)float32.int64",
                "label"}),
    [](const auto& tested) { return tested.param.name; });
#undef ONE
#undef TWO

// Fields are put together at random; the end is a stream or an error of svgen, never a crash.
TEST(TensorStream, RandomCapsEndInAnAnswerOrAnError) {
  const std::vector<std::string> pieces = {"format=(string)static",
                                           "format=(int)3",
                                           "num_tensors=(int)2",
                                           "num_tensors=(int)-1",
                                           "num_tensors=(int)1",
                                           "dimensions=(string)136:64:4",
                                           "dimensions=(string)::::",
                                           "dimensions=(string)1:4,1:4",
                                           "dimensions=(string)136:64:4.1:4",
                                           "dimensions=(int)4",
                                           "types=(string)float32",
                                           "types=(string)int64",
                                           "types=(string)float32.int64",
                                           "types=(string)\"\"",
                                           "framerate=(fraction)1/1",
                                           "framerate=(int)1",
                                           "grid-width=(int)0",
                                           "grid-width=(int)8",
                                           "grid-height=(int)8",
                                           "grid-height=(string)x"};
  std::mt19937 random(1);
  int answers = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string fields;
    for (const std::string& piece : pieces)
      if (random() % 3 == 0) fields += (fields.empty() ? "" : ",") + piece;
    const CapsPtr caps(gst_caps_from_string(("other/tensors," + fields).c_str()));
    if (!caps || gst_caps_is_empty(caps.get()) || gst_caps_is_any(caps.get())) continue;
    try {
      answers += TensorStream::parse(caps.get()).batch > 0;
    } catch (const Error& error) {
      EXPECT_STRNE(error.what(), "");
    }
  }
  EXPECT_GT(answers, 0);
}

TEST(TensorStream, CapsThatAreRefusedWhileThePipelineStopsAreNoError) {
  const PadPtr source(GST_PAD(gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC))));
  const PadPtr sink(GST_PAD(gst_object_ref_sink(gst_pad_new("sink", GST_PAD_SINK))));
  ASSERT_EQ(gst_pad_link(source.get(), sink.get()), GST_PAD_LINK_OK);
  gst_pad_set_active(source.get(), TRUE);
  EXPECT_EQ(flow_of_refused_caps(source.get()), GST_FLOW_FLUSHING);
  gst_pad_set_active(sink.get(), TRUE);
  EXPECT_EQ(flow_of_refused_caps(source.get()), GST_FLOW_NOT_NEGOTIATED);
  gst_pad_set_active(source.get(), FALSE);
  EXPECT_EQ(flow_of_refused_caps(source.get()), GST_FLOW_FLUSHING);
  gst_pad_set_active(sink.get(), FALSE);
}

}  // namespace
}  // namespace svgen::gst::testing
