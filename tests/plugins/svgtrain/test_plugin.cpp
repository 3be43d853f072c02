// SPDX-License-Identifier: MIT
// Tests of the module: what it registers, what it leaves on the disk until it is needed.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

TEST(TrainPlugin, RegistersTheDataElements) {
  for (const char* name : {"svgscenesrc", "svgdatasetsrc", "svglatentsink", "svglatentsrc"}) {
    GstElementFactory* factory = gst_element_factory_find(name);
    ASSERT_NE(factory, nullptr) << name;
    EXPECT_EQ(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory)), GST_RANK_NONE);
    gst_object_unref(factory);
  }
}

TEST(TrainPlugin, LoadingItPullsInNeitherTheComputeLibraryNorOpenCv) {
  const std::string inspected =
      "gst-inspect-1.0 svgdatasetsrc >/dev/null && "
      "LD_DEBUG=files gst-inspect-1.0 svgdatasetsrc 2>&1 | grep -c -e libtorch -e libopencv";
  EXPECT_NE(std::system(inspected.c_str()), 0);  // grep finds nothing
}

TEST(TrainPlugin, TheRegistryDoesNotTakeTheDecoderForAPlugin) {
  EXPECT_NE(std::system("gst-inspect-1.0 -b 2>&1 | grep imageio"), 0);
}

}  // namespace
}  // namespace svgen::gst::testing
