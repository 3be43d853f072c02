// SPDX-License-Identifier: MIT
// Pictures in an npz archive, as evaluations publish them.
#include "data/picture_array.h"

#include "data/archives.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using namespace testing;

class PictureArrayTest : public ::testing::Test {
 protected:
  std::filesystem::path written(const std::vector<ZipFile>& files) {
    return folder_.write("file.npz", zip(files));
  }
  std::string refusal(const std::vector<ZipFile>& files) {
    return report_of<IoError>([&] { PictureArray array(written(files)); });
  }

  // Three pictures of 2 x 1 pixels, of the letters a to r.
  std::string pixels_ = "abcdefghijklmnopqr";
  std::string pictures_ = npy(npy_literal("|u1", "(3, 2, 1, 3)"), pixels_);
  ScratchFolder folder_;
};

TEST_F(PictureArrayTest, HoldsPicturesAndLabels) {
  const std::string labels =
      npy(npy_literal("<i8", "(3,)"), number(7, 8) + number(0, 8) + number(2, 8));
  const PictureArray array(written({{"arr_0.npy", pictures_}, {"arr_1.npy", labels}}));
  EXPECT_EQ(array.size(), 3);
  const ImageView second = array.picture(1);
  EXPECT_EQ(second.width, 1);
  EXPECT_EQ(second.height, 2);
  EXPECT_EQ(*second.row(0, 0), 'g');
  EXPECT_EQ(*second.row(2, 1), 'l');
  EXPECT_EQ(array.label(0), 7);
  EXPECT_EQ(array.label(2), 2);
}

TEST_F(PictureArrayTest, MayHaveNoLabelsAndOtherArrays) {
  const PictureArray array(written(
      {{"arr_0.npy", pictures_}, {"mu.npy", npy(npy_literal("<f8", "(1,)"), number(0, 8))}}));
  EXPECT_EQ(array.label(1), -1);
  EXPECT_TRUE(is_picture_array("a/B.NPZ"));
  EXPECT_FALSE(is_picture_array("a/npz"));
}

TEST_F(PictureArrayTest, RefusesWhatIsNoPictures) {
  EXPECT_THAT(refusal({{"mu.npy", pictures_}}), HasSubstr("one other array"));
  EXPECT_THAT(refusal({deflated_file("arr_0.npy", pictures_)}), HasSubstr("compressed"));
  for (const auto& [dtype, shape] : {std::pair{"<f4", "(3, 2, 1, 3)"},
                                     {"|u1", "(3, 3, 2, 1)"},
                                     {"|u1", "(4, 2, 1, 3)"},
                                     {"|u1", "(18,)"},
                                     {"|u1", "(0, 2, 1, 3)"}})
    EXPECT_THAT(refusal({{"arr_0.npy", npy(npy_literal(dtype, shape), pixels_)}}),
                HasSubstr(dtype));
  EXPECT_THAT(refusal({{"arr_0.npy", npy(npy_literal("|u1", "(3, 2, 1, 3)", "True"), pixels_)}}),
              HasSubstr("arr_0"));
  EXPECT_THAT(refusal({{"arr_0.npy", pictures_},
                       {"arr_1.npy", npy(npy_literal("<f4", "(3,)"), floats({1, 2, 3}))}}),
              HasSubstr("arr_1"));
  EXPECT_THROW(PictureArray(folder_.write("other.npz", "something")), IoError);
}

}  // namespace
}  // namespace svgen
