// SPDX-License-Identifier: MIT
// Tests of reading picture files through the module that is opened on first use.
#include "svgtrain/image_reader.h"

#include "support.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::report_of;
using ::testing::HasSubstr;

TEST(ImageReader, ReadsAFileToThePixel) {
  const ScratchFolder folder;
  const Picture expected = numbered_picture(1);
  const Picture found = read_image(folder.write("a.ppm", ppm(expected)));
  EXPECT_EQ(found.width, expected.width);
  EXPECT_EQ(found.height, expected.height);
  EXPECT_EQ(found.pixels, expected.pixels);
}

TEST(ImageReader, SaysThatAFileIsMissing) {
  EXPECT_THAT(report_of<IoError>([] { read_image("/nowhere/a.jpg"); }),
              HasSubstr("/nowhere/a.jpg"));
}

TEST(ImageReader, SaysThatAFileIsEmptyOrAFolder) {
  const ScratchFolder folder;
  EXPECT_THROW(read_image(folder.write("a.jpg", "")), IoError);
  EXPECT_THROW(read_image(folder.path()), IoError);
}

}  // namespace
}  // namespace svgen::gst::testing
