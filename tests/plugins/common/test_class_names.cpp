// SPDX-License-Identifier: MIT
// Tests of the names of classes on their way downstream.
#include "common/class_names.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Asks upstream from a sink pad whose peer answers with `names`.
std::vector<std::string> asked(std::vector<std::string> names) {
  GstPad* source = gst_pad_new("src", GST_PAD_SRC);
  GstPad* sink = gst_pad_new("sink", GST_PAD_SINK);
  gst_pad_link(source, sink);
  g_object_set_data(G_OBJECT(source), "names", &names);
  gst_pad_set_query_function(source, [](GstPad* pad, GstObject*, GstQuery* query) -> gboolean {
    return answer_classes_query(
        query, *static_cast<std::vector<std::string>*>(g_object_get_data(G_OBJECT(pad), "names")));
  });
  const std::vector<std::string> found = classes_upstream(sink);
  gst_pad_unlink(source, sink);
  gst_object_unref(source);
  gst_object_unref(sink);
  return found;
}

TEST(ClassNames, ArriveAsTheyAre) {
  EXPECT_THAT(asked({"tench, Tinca tinca", "", "caf\u00e9"}),
              ElementsAre("tench, Tinca tinca", "", "caf\u00e9"));
}

TEST(ClassNames, AreValidTextWhateverTheFoldersAreCalled) {
  EXPECT_THAT(asked({"caf\xe9"}), ElementsAre("caf\\xe9"));
}

TEST(ClassNames, NobodyWhoKnowsIsNoAnswer) {
  EXPECT_THAT(asked({}), IsEmpty());
}

TEST(ClassNames, OtherQueriesAreLeftAlone) {
  const QueryPtr query(gst_query_new_position(GST_FORMAT_TIME));
  EXPECT_FALSE(answer_classes_query(query.get(), {"a"}));
}

}  // namespace
}  // namespace svgen::gst::testing
