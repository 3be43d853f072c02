// SPDX-License-Identifier: MIT
// Tests of reading properties from text.
#include "common/property_text.h"

#include "harness.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::report_of;
using ::testing::HasSubstr;

class PropertyText : public ::testing::Test {
 protected:
  GParamSpec* spec(const char* name) {
    return g_object_class_find_property(G_OBJECT_GET_CLASS(element_.get()), name);
  }
  void set(const char* name, const std::string& text) {
    set_from_text(G_OBJECT(element_.get()), spec(name), text, "--option");
  }

  const ElementPtr element_ = made("svgdiffuse");
};

TEST_F(PropertyText, SetsNumbersChoicesAndTexts) {
  set("steps", "7");
  set("seed", "18446744073709551615");
  set("guidance-scale", "-1.5");
  set("solver", "heun");
  set("framerate", "30000/1001");
  set("classes", "tench, Tinca tinca \\ \"%d\"");
  gint64 steps = 0;
  guint64 seed = 0;
  gdouble scale = 0;
  gchar* classes = nullptr;
  g_object_get(element_.get(), "steps", &steps, "seed", &seed, "guidance-scale", &scale, "classes",
               &classes, nullptr);
  const TextPtr owned(classes);
  EXPECT_EQ(steps, 7);
  EXPECT_EQ(seed, G_MAXUINT64);
  EXPECT_EQ(scale, -1.5);
  EXPECT_STREQ(classes, "tench, Tinca tinca \\ \"%d\"");
}

TEST_F(PropertyText, RefusesWhatIsNoSuchValueAndSaysWhatIs) {
  const std::tuple<const char*, const char*, const char*> kCases[] = {
      {"steps", "0", "1 to 10000"},          {"steps", "7 ", "1 to 10000"},
      {"steps", "0x7", "1 to 10000"},        {"steps", "", "1 to 10000"},
      {"seed", "-1", "from 0 on"},           {"guidance-scale", "nan", "-1000 to 1000"},
      {"guidance-scale", "1,5", "-1000"},    {"solver", "Heun2", "euler, heun"},
      {"framerate", "banana", "30000/1001"}, {"normalized", "maybe", "true or false"}};
  for (const auto& [name, text, expected] : kCases) {
    const std::string report =
        report_of<ConfigurationError>([&, n = name, t = text] { set(n, t); });
    EXPECT_THAT(report, HasSubstr(expected)) << name << " " << text;
    EXPECT_THAT(report, HasSubstr("in --option"));
  }
}

}  // namespace
}  // namespace svgen::gst::testing
