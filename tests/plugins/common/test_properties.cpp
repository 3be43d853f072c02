// SPDX-License-Identifier: MIT
// Tests of the property tables, with every property of every element.
#include "common/properties.h"

#include <functional>
#include <thread>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

const char* const kFactories[] = {"svgencode", "svgalign", "svgdiffuse", "svgdecode", "svgstats"};

// Calls visit(element, spec) for the properties that the suite's own classes add.
void for_each_property(const std::function<void(GstElement*, GParamSpec*)>& visit) {
  for (const char* factory : kFactories) {
    const ElementPtr element = made(factory);
    guint count = 0;
    GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
    for (guint i = 0; i < count; ++i) {
      const bool ours = specs[i]->owner_type == G_OBJECT_TYPE(element.get());
      SCOPED_TRACE(std::string(factory) + "." + specs[i]->name);
      if (ours) visit(element.get(), specs[i]);
    }
    g_free(specs);
  }
}

TEST(Properties, StartAtTheirDefaults) {
  for_each_property([](GstElement* element, GParamSpec* spec) {
    if (!(spec->flags & G_PARAM_WRITABLE)) return;
    Value value(spec->value_type);
    g_object_get_property(G_OBJECT(element), spec->name, value.get());
    EXPECT_TRUE(g_param_value_defaults(spec, value.get()));
  });
}

TEST(Properties, HaveABlurbAndSayWhenTheyMayChange) {
  for_each_property([](GstElement*, GParamSpec* spec) {
    EXPECT_GT(std::string(g_param_spec_get_blurb(spec)).size(), 10u);
    if (!(spec->flags & G_PARAM_WRITABLE)) return;
    EXPECT_TRUE(spec->flags & (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PLAYING));
  });
}

// A value that is not the default.
bool set_other_value(GParamSpec* spec, GValue* value) {
  if (G_IS_PARAM_SPEC_STRING(spec))
    g_value_set_string(value, "another text");
  else if (G_IS_PARAM_SPEC_BOOLEAN(spec))
    g_value_set_boolean(value, !G_PARAM_SPEC_BOOLEAN(spec)->default_value);
  else if (G_IS_PARAM_SPEC_INT64(spec))
    g_value_set_int64(value, G_PARAM_SPEC_INT64(spec)->maximum);
  else if (G_IS_PARAM_SPEC_UINT64(spec))
    g_value_set_uint64(value, G_PARAM_SPEC_UINT64(spec)->maximum);
  else if (G_IS_PARAM_SPEC_DOUBLE(spec))
    g_value_set_double(value, G_PARAM_SPEC_DOUBLE(spec)->maximum);
  else if (G_IS_PARAM_SPEC_ENUM(spec))
    g_value_set_enum(value, G_PARAM_SPEC_ENUM(spec)->enum_class->maximum);
  else if (GST_IS_PARAM_SPEC_FRACTION(spec))
    gst_value_set_fraction(value, 24000, 1001);
  else
    return false;
  return true;
}

TEST(Properties, KeepWhatIsSet) {
  for_each_property([](GstElement* element, GParamSpec* spec) {
    if (!(spec->flags & G_PARAM_WRITABLE)) return;
    Value written(spec->value_type), read(spec->value_type);
    ASSERT_TRUE(set_other_value(spec, written.get()));
    g_object_set_property(G_OBJECT(element), spec->name, written.get());
    g_object_get_property(G_OBJECT(element), spec->name, read.get());
    EXPECT_EQ(g_param_values_cmp(spec, written.get(), read.get()), 0);
  });
}

TEST(Properties, SurviveARunAndARestart) {
  Pipeline pipeline(
      "svgdiffuse name=g classes=1 seed=5 steps=1 num-images=1 shift=0.25 ! fakesink");
  ASSERT_TRUE(pipeline.run());
  ASSERT_TRUE(pipeline.run());
  guint64 seed = 0;
  gint64 steps = 0;
  gdouble shift = 0;
  gchar* classes = nullptr;
  g_object_get(pipeline.element("g"), "seed", &seed, "steps", &steps, "shift", &shift, "classes",
               &classes, nullptr);
  EXPECT_EQ(seed, 5u);
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(shift, 0.25);
  EXPECT_STREQ(classes, "1");
  g_free(classes);
}

TEST(Properties, ATextCanBeTakenBack) {
  const ElementPtr element = made("svgencode");
  g_object_set(element.get(), "model", "mini", nullptr);
  g_object_set(element.get(), "model", nullptr, nullptr);
  gchar* model = nullptr;
  g_object_get(element.get(), "model", &model, nullptr);
  EXPECT_EQ(model, nullptr);
}

TEST(Properties, MayChangeWhileOthersReadThem) {
  const ElementPtr element = made("svgdiffuse");
  constexpr int kRounds = 20000;
  std::thread writer([&] {
    for (int i = 0; i < kRounds; ++i)
      g_object_set(element.get(), "classes", i % 2 == 0 ? "0-9" : "ball,cube,torus,cone", nullptr);
  });
  for (int i = 0; i < kRounds; ++i) {
    gchar* classes = nullptr;
    g_object_get(element.get(), "classes", &classes, nullptr);
    const std::string text = text_or_empty(classes);
    EXPECT_TRUE(text == "random" || text == "0-9" || text == "ball,cube,torus,cone") << text;
    g_free(classes);
  }
  writer.join();
}

}  // namespace
}  // namespace svgen::gst::testing
