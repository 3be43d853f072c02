// SPDX-License-Identifier: MIT
// Tests of exceptions as GStreamer errors.
#include "common/errors.h"

#include <functional>
#include <new>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

struct Posted {
  PostedError error;
  StructurePtr details;
};

// Returns the message that an element posts for an exception of `thrower`.
Posted posted_for(const std::function<void()>& thrower) {
  GstElement* element = GST_ELEMENT(gst_object_ref_sink(gst_bin_new("culprit")));
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  try {
    thrower();
  } catch (...) {
    post_current_exception(element);
  }
  Posted posted;
  if (GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR)) {
    GError* error = nullptr;
    gchar* debug = nullptr;
    const GstStructure* details = nullptr;
    gst_message_parse_error(message, &error, &debug);
    gst_message_parse_error_details(message, &details);
    posted.error = {GST_MESSAGE_SRC_NAME(message), error->domain, error->code, error->message,
                    text_or_empty(debug)};
    if (details != nullptr) posted.details.reset(gst_structure_copy(details));
    g_error_free(error);
    g_free(debug);
    gst_message_unref(message);
  } else {
    ADD_FAILURE() << "no error was posted";
  }
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  gst_object_unref(element);
  return posted;
}

struct DomainCase {
  const char* name;
  std::function<void()> thrower;
  GQuark (*domain)();
  int code;
};

class ErrorDomain : public ::testing::TestWithParam<DomainCase> {};

TEST_P(ErrorDomain, FollowsTheKind) {
  const Posted posted = posted_for(GetParam().thrower);
  EXPECT_EQ(posted.error.domain, GetParam().domain());
  EXPECT_EQ(posted.error.code, GetParam().code);
  EXPECT_EQ(posted.error.source, "culprit");
}

template <typename Kind>
void raise() {
  throw Kind("do this", {"expected that", "found this", "there"});
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ErrorDomain,
    ::testing::Values(
        DomainCase{"Configuration", raise<ConfigurationError>, gst_resource_error_quark,
                   GST_RESOURCE_ERROR_SETTINGS},
        DomainCase{"Weights", raise<WeightsError>, gst_resource_error_quark,
                   GST_RESOURCE_ERROR_READ},
        DomainCase{"Shape", raise<ShapeError>, gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE},
        DomainCase{"Device", raise<DeviceError>, gst_library_error_quark, GST_LIBRARY_ERROR_INIT},
        DomainCase{"Io", raise<IoError>, gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND},
        DomainCase{"Memory", raise<MemoryError>, gst_resource_error_quark,
                   GST_RESOURCE_ERROR_NO_SPACE_LEFT},
        DomainCase{"Allocation", [] { throw std::bad_alloc(); }, gst_resource_error_quark,
                   GST_RESOURCE_ERROR_NO_SPACE_LEFT},
        DomainCase{"Other", [] { throw std::runtime_error("bad luck"); }, gst_library_error_quark,
                   GST_LIBRARY_ERROR_FAILED}),
    [](const auto& tested) { return tested.param.name; });

TEST(Errors, TheHeadlineIsTheTextAndTheDebugTextHasTheRest) {
  const PostedError error = posted_for(raise<ShapeError>).error;
  EXPECT_EQ(error.text, "do this");
  EXPECT_THAT(error.debug, HasSubstr("expected that"));
  EXPECT_THAT(error.debug, HasSubstr("found this"));
  EXPECT_THAT(error.debug, HasSubstr("there"));
}

TEST(Errors, DetailsAreForPrograms) {
  const Posted posted = posted_for(raise<IoError>);
  ASSERT_TRUE(posted.details);
  EXPECT_STREQ(gst_structure_get_string(posted.details.get(), "expected"), "expected that");
  EXPECT_STREQ(gst_structure_get_string(posted.details.get(), "found"), "found this");
  EXPECT_STREQ(gst_structure_get_string(posted.details.get(), "where"), "there");
}

TEST(Errors, OutOfMemorySaysWhatToLower) {
  EXPECT_THAT(posted_for([] { throw std::bad_alloc(); }).error.text, HasSubstr("batch-size"));
}

TEST(Errors, AForeignExceptionKeepsItsText) {
  EXPECT_THAT(posted_for([] { throw std::runtime_error("bad luck"); }).error.text,
              HasSubstr("bad luck"));
}

}  // namespace
}  // namespace svgen::gst::testing
