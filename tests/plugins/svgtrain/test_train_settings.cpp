// SPDX-License-Identifier: MIT
// Tests of the trainers' properties: names, published defaults, ranges.
#include "support.h"
#include "svgen/trainer.h"

namespace svgen::gst::testing {
namespace {

struct ElementUnref {
  void operator()(GstElement* element) const { gst_object_unref(element); }
};

template <typename T>
T value(GObject* object, const char* name) {
  T result{};
  g_object_get(object, name, &result, nullptr);
  return result;
}

TEST(TrainSettings, DefaultsAreThePublishedRecipe) {
  for (const char* factory : {"svgtrainautoencoder", "svgtraindiffusion"}) {
    const std::unique_ptr<GstElement, ElementUnref> element(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(factory, nullptr))));
    GObject* object = G_OBJECT(element.get());
    const bool diffusion = std::string(factory) == "svgtraindiffusion";
    EXPECT_EQ(value<gdouble>(object, "learning-rate"), 1e-4);
    EXPECT_EQ(value<gdouble>(object, "ema-decay"), diffusion ? 0.9999 : 0);
    EXPECT_EQ(value<gint64>(object, "max-steps"), -1);
    EXPECT_EQ(value<gint64>(object, "accumulate"), 1);
    EXPECT_EQ(value<gdouble>(object, "clip-norm"), 0);
    EXPECT_FALSE(value<gboolean>(object, "resume"));
    if (diffusion) {
      EXPECT_EQ(value<gdouble>(object, "shift"), 0.4);
      EXPECT_EQ(value<gdouble>(object, "class-dropout"), 0.1);
    } else {
      EXPECT_EQ(value<gdouble>(object, "mask-ratio"), 0.1);
      EXPECT_EQ(value<gint64>(object, "discriminator-start"), 5001);
      EXPECT_EQ(value<gdouble>(object, "discriminator-weight"), 0.5);
    }
    g_object_set(object, "max-steps", gint64{7}, "seed", guint64{9}, nullptr);
    EXPECT_EQ(value<gint64>(object, "max-steps"), 7);
    EXPECT_EQ(value<guint64>(object, "seed"), 9u);
  }
}

}  // namespace
}  // namespace svgen::gst::testing
