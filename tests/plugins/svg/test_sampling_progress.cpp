// SPDX-License-Identifier: MIT
// Tests of the messages of a sampler at work.
#include "svg/sampling_progress.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

class Progressing : public ::testing::Test {
 protected:
  void SetUp() override {
    element_ = GST_ELEMENT(gst_object_ref_sink(gst_bin_new("sampler")));
    bus_ = gst_bus_new();
    gst_element_set_bus(element_, bus_);
  }
  void TearDown() override {
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(bus_);
    gst_object_unref(element_);
  }
  // Returns the structure of the next message, or null.
  StructurePtr next() {
    GstMessage* message = gst_bus_pop(bus_);
    if (message == nullptr) return nullptr;
    StructurePtr structure(gst_structure_copy(gst_message_get_structure(message)));
    gst_message_unref(message);
    return structure;
  }

  GstElement* element_ = nullptr;
  GstBus* bus_ = nullptr;
  SamplingProgress progress_;
};

TEST_F(Progressing, SaysNothingInTheFirstHalfSecond) {
  progress_.begin(4);
  for (int step = 0; step < 100; ++step) progress_.report(element_, {0, step, 100}, 0);
  EXPECT_FALSE(next());
}

TEST_F(Progressing, ReportsOnceWhenTimeHasPassed) {
  progress_.begin(4);
  g_usleep(520'000);
  for (int step = 50; step < 60; ++step) progress_.report(element_, {0, step, 100}, 7);
  const StructurePtr report = next();
  ASSERT_TRUE(report);
  EXPECT_TRUE(gst_structure_has_name(report.get(), "svg-progress"));
  gint64 index = 0, step = 0;
  gdouble eta = 0;
  EXPECT_TRUE(gst_structure_get_int64(report.get(), "image-index", &index));
  EXPECT_TRUE(gst_structure_get_int64(report.get(), "step", &step));
  EXPECT_TRUE(gst_structure_get_double(report.get(), "eta", &eta));
  EXPECT_EQ(index, 7);
  EXPECT_EQ(step, 50);
  EXPECT_NEAR(eta, 0.52 / 0.5 * 3.5, 1.5);
  EXPECT_FALSE(next());
}

// The sixteen images of a batch are made four at a time, and the progress never falls.
TEST_F(Progressing, CountsTheImagesOfABatchAsTheyAreMade) {
  progress_.begin(32);
  for (int batch = 0; batch < 2; ++batch) {
    for (int64_t image = 3; image < 16; image += 4) {
      for (int64_t step = 1; step <= 10; ++step) {
        if (image == 11 && step == 5) g_usleep(520'000);
        progress_.report(element_, {image, step, 10}, 16 * batch + image);
      }
    }
    const StructurePtr report = next();
    ASSERT_TRUE(report);
    gint64 done = 0, together = 0;
    EXPECT_TRUE(gst_structure_get_int64(report.get(), "images-done", &done));
    EXPECT_TRUE(gst_structure_get_int64(report.get(), "images-together", &together));
    EXPECT_EQ(done, 16 * batch + 8);
    EXPECT_EQ(together, 4);
    for (int64_t image = 0; image < 16; ++image) progress_.finish_image(element_, image, 0, "", 0);
    while (next()) continue;
  }
}

TEST_F(Progressing, AnEndlessRunHasNoEta) {
  progress_.begin(-1);
  g_usleep(520'000);
  progress_.report(element_, {0, 1, 10}, 0);
  gdouble eta = 0;
  EXPECT_TRUE(gst_structure_get_double(next().get(), "eta", &eta));
  EXPECT_EQ(eta, -1);
}

TEST_F(Progressing, AFinishedImageIsNamedForFiles) {
  progress_.begin(4);
  progress_.finish_image(element_, 12, 3, "red fish", 99);
  const StructurePtr image = next();
  ASSERT_TRUE(image);
  EXPECT_TRUE(gst_structure_has_name(image.get(), "svg-image"));
  EXPECT_STREQ(gst_structure_get_string(image.get(), "class-name"), "red fish");
  EXPECT_STREQ(gst_structure_get_string(image.get(), "location-hint"), "12-red fish-99");
}

TEST_F(Progressing, AClassWithoutANameIsItsNumber) {
  progress_.finish_image(element_, 12, 3, "", 99);
  EXPECT_STREQ(gst_structure_get_string(next().get(), "location-hint"), "12-3-99");
}

}  // namespace
}  // namespace svgen::gst::testing
