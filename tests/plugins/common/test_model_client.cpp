// SPDX-License-Identifier: MIT
// Tests of how elements open and share their model.
#include "common/model_client.h"

#include "harness.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::ScopedVariable;
using ::testing::AllOf;
using ::testing::HasSubstr;

QueryPtr model_query(const char* name = "svg-model") {
  return QueryPtr(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(name)));
}

std::string answer(const QueryPtr& query) {
  return text_or_empty(gst_structure_get_string(gst_query_get_structure(query.get()), "card"));
}

std::string mini_card() {
  return (fs::path(SVGEN_MODELS) / "mini" / "card.json").string();
}

TEST(ModelQuery, AnElementThatNamesItsModelAnswers) {
  const QueryPtr query = model_query();
  EXPECT_TRUE(answer_model_query(query.get(), {.model = "mini"}, false));
  EXPECT_EQ(answer(query), mini_card());
}

TEST(ModelQuery, TheFirstOfAChainAnswersWithTheEmbeddedModel) {
  const QueryPtr query = model_query();
  EXPECT_TRUE(answer_model_query(query.get(), {}, true));
  EXPECT_EQ(answer(query), mini_card());
}

TEST(ModelQuery, OthersPassItOn) {
  EXPECT_FALSE(answer_model_query(model_query().get(), {}, false));
  EXPECT_FALSE(answer_model_query(model_query("something-else").get(), {}, true));
  EXPECT_FALSE(answer_model_query(model_query().get(), {.model = "no-such-model"}, true));
  const QueryPtr duration(gst_query_new_duration(GST_FORMAT_TIME));
  EXPECT_FALSE(answer_model_query(duration.get(), {}, true));
}

TEST(ModelClient, WithoutAModelEveryCallSaysSo) {
  const ModelClient client;
  EXPECT_FALSE(client.is_open());
  EXPECT_THROW(client.engine(), ConfigurationError);
  EXPECT_EQ(gst_structure_n_fields(client.statistics().get()), 0);
}

// Returns the model-stats of an element.
StructurePtr stats_of(const Pipeline& pipeline, const char* name) {
  GstStructure* stats = nullptr;
  g_object_get(pipeline.element(name), "model-stats", &stats, nullptr);
  return StructurePtr(stats);
}

std::string text_field(const StructurePtr& stats, const char* field) {
  return text_or_empty(gst_structure_get_string(stats.get(), field));
}

guint64 number_field(const StructurePtr& stats, const char* field) {
  guint64 value = 0;
  EXPECT_TRUE(gst_structure_get_uint64(stats.get(), field, &value)) << field;
  return value;
}

TEST(ModelChain, AnUnsetModelIsTheOneUpstreamThroughQueues) {
  const ScratchFolder folder;
  const std::string card = other_card(folder, "other").string();
  Pipeline pipeline("svgencode model=" + card +
                    " name=e ! queue ! svgalign name=a ! identity ! queue ! svgdecode name=d ! "
                    "fakesink  " +
                    video(1) + " ! e.");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  for (const char* name : {"e", "a", "d"})
    EXPECT_EQ(text_field(stats_of(pipeline, name), "card"), card) << name;
}

TEST(ModelChain, EverybodySharesOneEngine) {
  Pipeline pipeline(video(2) +
                    " ! svgencode name=e ! svgalign name=a ! svgdecode name=d ! fakesink");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  const guint64 handle = number_field(stats_of(pipeline, "e"), "handle");
  EXPECT_NE(handle, 0u);
  EXPECT_EQ(number_field(stats_of(pipeline, "a"), "handle"), handle);
  EXPECT_EQ(number_field(stats_of(pipeline, "d"), "handle"), handle);
}

TEST(ModelChain, TwoCardsAreOneErrorThatNamesBoth) {
  const ScratchFolder folder;
  const std::string card = other_card(folder, "other").string();
  const std::string error = error_of(video(1) + " ! svgencode model=" + card +
                                     " ! svgalign ! svgdecode model=mini ! fakesink");
  EXPECT_THAT(error,
              AllOf(HasSubstr("two models in one chain"), HasSubstr(card), HasSubstr(mini_card())));
}

TEST(ModelChain, TheSameCardUnderTwoNamesIsNoContradiction) {
  Pipeline pipeline(video(1) + " ! svgencode model=" + SVGEN_MODELS +
                    "/mini ! svgalign model=mini ! svgdecode model=" + mini_card() + " ! fakesink");
  EXPECT_TRUE(pipeline.run());
}

TEST(ModelChain, WhatIsLinkedLaterCounts) {
  const ScratchFolder folder;
  const std::string card = other_card(folder, "other").string();
  Pipeline pipeline("svgdiffuse name=g steps=1 num-images=1 model=" + card +
                    "  svgdecode name=d ! appsink name=out sync=false");
  ASSERT_TRUE(gst_element_set_state(pipeline.element("d"), GST_STATE_READY));
  EXPECT_EQ(text_field(stats_of(pipeline, "d"), "card"), mini_card());
  ASSERT_TRUE(gst_element_link(pipeline.element("g"), pipeline.element("d")));
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  EXPECT_EQ(text_field(stats_of(pipeline, "d"), "card"), card);
}

TEST(ModelStats, AreEmptyBeforeReadyAndAfter) {
  Pipeline pipeline("svgdiffuse name=g ! fakesink");
  EXPECT_EQ(gst_structure_n_fields(stats_of(pipeline, "g").get()), 0);
  ASSERT_TRUE(pipeline.go_to(GST_STATE_READY));
  EXPECT_EQ(text_field(stats_of(pipeline, "g"), "device"), "cpu");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_NULL));
  EXPECT_EQ(gst_structure_n_fields(stats_of(pipeline, "g").get()), 0);
}

TEST(ModelStats, CountWhatWasDone) {
  Pipeline pipeline(video(5) +
                    " ! svgencode name=e batch-size=2 dtype=float32 ! svgalign ! svgdecode "
                    "name=d ! fakesink");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  const guint64 before = number_field(stats_of(pipeline, "e"), "images-encoded");
  ASSERT_TRUE(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING));
  ASSERT_TRUE(pipeline.wait_for_end());
  const StructurePtr stats = stats_of(pipeline, "e");
  EXPECT_EQ(number_field(stats, "images-encoded"), 5u);
  EXPECT_LT(before, 5u);
  EXPECT_EQ(number_field(stats, "images-decoded"), 5u);
  EXPECT_GT(number_field(stats, "bytes-loaded"), 100'000u);
  EXPECT_EQ(text_field(stats, "dtype"), "float32");
  gdouble seconds = 0;
  EXPECT_TRUE(gst_structure_get_double(stats.get(), "seconds-encoding", &seconds));
  EXPECT_GT(seconds, 0);
}

TEST(ModelPrecision, HalfThePrecisionIsCloseAndStaysFloat32OnTheWire) {
  const std::string encode = video(1) + " ! svgencode dtype=";
  const Tensor full = samples_of(encode + "float32").at(0).tensors()[0];
  const Tensor half = samples_of(encode + "bfloat16").at(0).tensors()[0];
  EXPECT_EQ(half.dtype(), DType::kFloat32);
  const double difference = largest_difference(full, half);
  EXPECT_GT(difference, 0.0);
  EXPECT_LT(difference, 1.0);
}

TEST(ModelErrors, AMissingModelNamesThePlaces) {
  const std::string error = error_of("svgdiffuse model=no-such-model ! fakesink");
  EXPECT_THAT(error, AllOf(HasSubstr("mini"), HasSubstr("no-such-model"), HasSubstr(SVGEN_MODELS)));
}

TEST(ModelErrors, AMissingFileIsNamed) {
  const ScratchFolder folder;
  const fs::path card = other_card(folder, "other");
  fs::remove(card.parent_path() / "dit.safetensors");
  const std::string error =
      error_of("svgdiffuse steps=1 num-images=1 model=" + card.string() + " ! fakesink");
  EXPECT_THAT(error, AllOf(HasSubstr("dit.safetensors"), HasSubstr(card.parent_path().string())));
}

TEST(ModelErrors, ADamagedFileIsAnError) {
  const ScratchFolder folder;
  const fs::path card = other_card(folder, "other");
  fs::remove(card.parent_path() / "dit.safetensors");
  folder.write("other/dit.safetensors", "not weights at all");
  const std::string error =
      error_of("svgdiffuse steps=1 num-images=1 model=" + card.string() + " ! fakesink");
  EXPECT_THAT(error, HasSubstr("dit.safetensors"));
}

TEST(ModelErrors, AModelWithoutDiffusionCannotGenerate) {
  const ScratchFolder folder;
  const fs::path card =
      folder.write("bare/card.json", R"({"name": "bare", "patch": 8, "grid": [8, 8]})");
  EXPECT_THAT(error_of("svgdiffuse model=" + card.string() + " ! fakesink"),
              HasSubstr("diffusion"));
}

TEST(ModelErrors, ADeviceThatIsMissingIsNeverReplaced) {
  // An index that no machine has.
  EXPECT_THAT(error_of("svgdiffuse device=cuda:4711 ! fakesink"), HasSubstr("cuda:4711"));
}

TEST(ModelErrors, UnknownDevicesAndPrecisionsAreNamed) {
  EXPECT_THAT(error_of("svgdiffuse device=tpu ! fakesink"), HasSubstr("tpu"));
  EXPECT_THAT(error_of("svgdiffuse dtype=float8 ! fakesink"), HasSubstr("float8"));
  EXPECT_THAT(error_of("svgdiffuse dtype=int64 ! fakesink"), HasSubstr("int64"));
}

TEST(ModelErrors, AfterAMistakeIsCorrectedTheElementWorks) {
  Pipeline pipeline("svgdiffuse name=g steps=1 num-images=1 model=no-such-model ! fakesink");
  EXPECT_FALSE(pipeline.run());
  g_object_set(pipeline.element("g"), "model", "mini", nullptr);
  EXPECT_TRUE(pipeline.run());
}

TEST(ModelErrors, TheSameMistakeTwiceIsReportedTwice) {
  Pipeline pipeline("svgdiffuse model=no-such-model ! fakesink");
  EXPECT_FALSE(pipeline.run());
  EXPECT_FALSE(pipeline.run());
  EXPECT_EQ(pipeline.svg_errors().size(), 2u);
}

}  // namespace
}  // namespace svgen::gst::testing
