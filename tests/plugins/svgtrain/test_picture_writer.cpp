// SPDX-License-Identifier: MIT
// PNG files are read back as the picture that was written.
#include "svgtrain/picture_writer.h"

#include "support.h"
#include "svgen/error.h"
#include "svgtrain/image_reader.h"

namespace svgen::gst::testing {
namespace {

TEST(PictureWriter, WritesWhatIsReadAgain) {
  const ScratchFolder folder;
  const Picture picture = numbered_picture(3);
  write_png(folder.path() / "a.png", picture);
  EXPECT_EQ(read_image(folder.path() / "a.png").pixels, picture.pixels);
}

TEST(PictureWriter, RefusesNothingAndNowhere) {
  const ScratchFolder folder;
  EXPECT_THROW(write_png(folder.path() / "a.png", Picture()), IoError);
  EXPECT_THROW(write_png("/nowhere/a.png", numbered_picture(1)), IoError);
}

}  // namespace
}  // namespace svgen::gst::testing
