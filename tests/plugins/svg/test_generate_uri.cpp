// SPDX-License-Identifier: MIT
// Tests of the URIs of svggenerate: what they set, and how others are refused.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

std::string value_of(GstElement* element, const char* property) {
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(element), property, &value);
  const std::string text = text_or_empty(TextPtr(gst_value_serialize(&value)).get());
  g_value_unset(&value);
  return text;
}

struct ErrorRelease {
  void operator()(GError* error) const { g_error_free(error); }
};

// Returns why a URI is refused; empty when it is accepted.
std::string refusal_of(const std::string& uri, GstElement* element) {
  GError* error = nullptr;
  if (gst_uri_handler_set_uri(GST_URI_HANDLER(element), uri.c_str(), &error)) return "";
  return std::unique_ptr<GError, ErrorRelease>(error)->message;
}

TEST(GenerateUri, SetsWhatItNames) {
  const ElementPtr element = made("svggenerate");
  const char* uri = "svg://mini?classes=1%2C2&n=16&cfg=2.5&batch=4&solver=heun&framerate=25/1";
  EXPECT_EQ(refusal_of(uri, element.get()), "");
  EXPECT_EQ(value_of(element.get(), "model"), "mini");
  EXPECT_EQ(value_of(element.get(), "classes"), "\"1\\,2\"");
  EXPECT_EQ(value_of(element.get(), "num-images"), "16");
  EXPECT_EQ(value_of(element.get(), "guidance-scale"), "2.5");
  EXPECT_EQ(value_of(element.get(), "batch-size"), "4");
  EXPECT_EQ(value_of(element.get(), "solver"), "heun");
  EXPECT_EQ(value_of(element.get(), "framerate"), "25/1");
  EXPECT_STREQ(TextPtr(gst_uri_handler_get_uri(GST_URI_HANDLER(element.get()))).get(), uri);
  EXPECT_EQ(refusal_of("svg:///folder/card.json", element.get()), "");
  EXPECT_EQ(value_of(element.get(), "model"), "/folder/card.json");
  EXPECT_EQ(value_of(element.get(), "framerate"), "1/1") << "one image a second";
}

TEST(GenerateUri, IsRefusedWithWords) {
  const ElementPtr element = made("svggenerate");
  for (const auto& [uri, words] : {std::pair("svg://mini?clases=1", "found clases"),
                                   {"svg://mini?steps=two", "found two"},
                                   {"svg://mini?steps=1e9", "1 to 10000"},
                                   {"svg://mini?steps=20000", "1 to 10000"},
                                   {"svg://mini?solver=leapfrog", "euler, heun"},
                                   {"svg://mini?model-stats=1", "found model-stats"},
                                   {"svg://mini?name=x", "found name"}}) {
    const std::string text = refusal_of(uri, element.get());
    EXPECT_THAT(text, HasSubstr(words)) << uri;
  }
  // Setting a property cannot fail, so the start of the element does.
  EXPECT_THAT(error_of("svggenerate uri=svg://mini?steps=0 ! fakesink"),
              HasSubstr("found 0; in steps"));
  EXPECT_THAT(error_of("svggenerate uri=http://mini ! fakesink"), HasSubstr("svg://MODEL?"));
}

TEST(GenerateUri, IsRefusedWhileImagesAreMade) {
  Pipeline pipeline("svggenerate name=g steps=1 ! fakesink");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  EXPECT_THAT(refusal_of("svg://mini", pipeline.element("g")), HasSubstr("found PAUSED"));
}

}  // namespace
}  // namespace svgen::gst::testing
