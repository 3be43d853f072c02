// SPDX-License-Identifier: MIT
// Tests of the module: what it registers, how it describes itself.
#include <set>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

struct ObjectRelease {
  template <typename T>
  void operator()(T* object) const {
    gst_object_unref(object);
  }
};
using FactoryPtr = std::unique_ptr<GstElementFactory, ObjectRelease>;

struct ElementRow {
  const char* factory;
  const char* classification;
  std::set<std::string> pads;
};

class Factory : public ::testing::TestWithParam<ElementRow> {
 protected:
  FactoryPtr found_{gst_element_factory_find(GetParam().factory)};
};

TEST_P(Factory, IsRegisteredAndDescribed) {
  ASSERT_TRUE(found_);
  const auto metadata = [&](const char* key) {
    return text_or_empty(gst_element_factory_get_metadata(found_.get(), key));
  };
  EXPECT_EQ(metadata(GST_ELEMENT_METADATA_KLASS), GetParam().classification);
  EXPECT_FALSE(metadata(GST_ELEMENT_METADATA_LONGNAME).empty());
  EXPECT_FALSE(metadata(GST_ELEMENT_METADATA_DESCRIPTION).empty());
  EXPECT_EQ(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(found_.get())), GST_RANK_NONE);
}

TEST_P(Factory, HasItsPads) {
  ASSERT_TRUE(found_);
  std::set<std::string> names;
  for (const GList* item = gst_element_factory_get_static_pad_templates(found_.get());
       item != nullptr; item = item->next) {
    const auto* pad = static_cast<const GstStaticPadTemplate*>(item->data);
    EXPECT_EQ(pad->presence, GST_PAD_ALWAYS);
    names.insert(pad->name_template);
  }
  EXPECT_EQ(names, GetParam().pads);
}

INSTANTIATE_TEST_SUITE_P(
    Elements, Factory,
    ::testing::Values(ElementRow{"svgencode", "Filter/Converter/Video/Tensor", {"sink", "src"}},
                      ElementRow{"svgalign", "Filter/Converter/Tensor", {"sink", "src"}},
                      ElementRow{"svgdiffuse", "Source/Tensor", {"src"}},
                      ElementRow{"svgdecode", "Filter/Converter/Tensor/Video", {"sink", "src"}},
                      ElementRow{"svggenerate", "Source/Video", {"src"}},
                      ElementRow{"svgstats", "Sink/Analyzer/Tensor", {"sink"}}),
    [](const auto& tested) { return std::string(tested.param.factory); });

TEST(Plugin, SaysWhatItIs) {
  const std::unique_ptr<GstPlugin, ObjectRelease> plugin(gst_plugin_load_by_name("svgen"));
  ASSERT_TRUE(plugin);
  EXPECT_STREQ(gst_plugin_get_license(plugin.get()), "MIT/X11");
  EXPECT_THAT(gst_plugin_get_filename(plugin.get()), HasSubstr("libgstsvgen.so"));
}

TEST(Plugin, LoadingItDoesNotPullInTheComputeLibrary) {
  ASSERT_EQ(std::system("gst-inspect-1.0 svgdecode >/dev/null"), 0);
  EXPECT_NE(std::system("LD_DEBUG=files gst-inspect-1.0 svgdecode 2>&1 | grep -q libtorch"), 0);
}

}  // namespace
}  // namespace svgen::gst::testing
