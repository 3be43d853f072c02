// SPDX-License-Identifier: MIT
// The entry of the element tests: it starts and ends GStreamer, so that the leak tracer reports.
#include <gst/gst.h>
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gst_init(&argc, &argv);
  const int result = RUN_ALL_TESTS();
  gst_deinit();
  return result;
}
