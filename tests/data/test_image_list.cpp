// SPDX-License-Identifier: MIT
// Tests of class folders and list files.
#include "data/image_list.h"

#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::report_of;
using testing::ScratchFolder;

std::vector<std::string> entries(const ImageList& list, const std::filesystem::path& base) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < list.size(); ++i) {
    texts.push_back(list.path(i).lexically_relative(base).string() + "=" +
                    std::to_string(list.label(i)));
  }
  return texts;
}

TEST(ImageListFolder, LabelsAreTheClassFoldersInOrderOfTheirNames) {
  const ScratchFolder folder;
  for (const char* name : {"n02/b.JPEG", "n02/a.png", "n01/z.webp", "n10/x.jpg", "n02/notes.txt"})
    folder.write(name, "");
  const ImageList list = ImageList::read(folder.path());
  EXPECT_THAT(list.classes(), ElementsAre("n01", "n02", "n10"));
  EXPECT_THAT(entries(list, folder.path()),
              ElementsAre("n01/z.webp=0", "n02/a.png=1", "n02/b.JPEG=1", "n10/x.jpg=2"));
}

TEST(ImageListFolder, FindsPicturesAtAnyDepthAndNoHiddenOnes) {
  const ScratchFolder folder;
  for (const char* name : {"a/deep/er/1.jpg", "a/.cache/2.jpg", "a/.3.jpg", ".git/4.jpg"})
    folder.write(name, "");
  EXPECT_THAT(entries(ImageList::read(folder.path()), folder.path()),
              ElementsAre("a/deep/er/1.jpg=0"));
}

TEST(ImageListFolder, KnowsPicturesByTheirContentWhereTheEndingSaysNothing) {
  const ScratchFolder folder;
  folder.write("a/1.jfif", "");
  folder.write("a/download", "\xFF\xD8\xFF\xE0");
  folder.write("a/x.tmp", "P6\n1 1\n");
  folder.write("a/really.gif", "\xFF\xD8\xFF\xE0");
  folder.write("a/b.gif", "GIF89a");
  folder.write("a/C.GIF", "GIF89a");
  folder.write("a/d.avif", "....ftypavif");
  folder.write("a/raw.NEF", "II*");
  folder.write("a/Thumbs.db", "whatever");
  folder.write("a/empty", "");
  const ImageList list = ImageList::read(folder.path());
  EXPECT_THAT(entries(list, folder.path()),
              ElementsAre("a/1.jfif=0", "a/download=0", "a/really.gif=0", "a/x.tmp=0"));
  EXPECT_EQ(list.left_out(), "1 .avif, 2 .gif, 1 .nef");
}

TEST(ImageListFolder, AClassOfOtherKindsSaysWhatItHolds) {
  const ScratchFolder folder;
  folder.write("a/1.gif", "GIF89a");
  EXPECT_THAT(report_of<ConfigurationError>([&] { ImageList::read(folder.path()); }),
              HasSubstr("1 .gif"));
}

TEST(ImageListFolder, PicturesWithoutClassFoldersHaveNoLabel) {
  const ScratchFolder folder;
  folder.write("2.jpg", "");
  folder.write("1.jpg", "");
  const ImageList list = ImageList::read(folder.path());
  EXPECT_THAT(entries(list, folder.path()), ElementsAre("1.jpg=-1", "2.jpg=-1"));
  EXPECT_TRUE(list.classes().empty());
}

TEST(ImageListFolder, RefusesPicturesBesideClassFolders) {
  const ScratchFolder folder;
  folder.write("a/1.jpg", "");
  folder.write("stray.jpg", "");
  EXPECT_THAT(report_of<ConfigurationError>([&] { ImageList::read(folder.path()); }),
              HasSubstr("stray.jpg"));
}

TEST(ImageListFolder, RefusesAnEmptyClass) {
  const ScratchFolder folder;
  folder.write("a/1.jpg", "");
  folder.write("b/readme.txt", "");
  EXPECT_THAT(report_of<ConfigurationError>([&] { ImageList::read(folder.path()); }),
              HasSubstr("/b"));
}

TEST(ImageListFolder, SaysWhenThereIsNothing) {
  const ScratchFolder folder;
  EXPECT_THAT(report_of<IoError>([&] { ImageList::read(folder.path()); }),
              HasSubstr(folder.path().string()));
  EXPECT_THAT(report_of<IoError>([&] { ImageList::read(folder.path() / "absent"); }),
              HasSubstr("absent"));
}

TEST(ImageListFile, ReadsPathsAndLabels) {
  const ScratchFolder folder;
  const auto file = folder.write("sub/list.txt",
                                 "# pictures\n"
                                 "a.jpg 3\n"
                                 "\n"
                                 "with space.jpg\t12\r\n"
                                 "/abs/c.png, -1\n"
                                 "d.png,0\n");
  const ImageList list = ImageList::read(file);
  ASSERT_EQ(list.size(), 4);
  EXPECT_EQ(list.path(0), folder.path() / "sub/a.jpg");
  EXPECT_EQ(list.label(0), 3);
  EXPECT_EQ(list.path(1), folder.path() / "sub/with space.jpg");
  EXPECT_EQ(list.label(1), 12);
  EXPECT_EQ(list.path(2), "/abs/c.png");
  EXPECT_EQ(list.label(2), -1);
  EXPECT_EQ(list.path(3), folder.path() / "sub/d.png");
}

TEST(ImageListFile, NamesTheLineThatIsWrong) {
  for (const char* wrong : {"b.jpg", "b.jpg 1.5", "b.jpg x", "b.jpg -2", " 7"}) {
    const ScratchFolder folder;
    const auto file = folder.write("list.txt", std::string("# head\na.jpg 0\n") + wrong + "\n");
    EXPECT_THAT(report_of<ConfigurationError>([&] { ImageList::read(file); }),
                HasSubstr("list.txt:3"))
        << wrong;
  }
}

TEST(ImageListFile, RefusesAListWithoutPictures) {
  const ScratchFolder folder;
  EXPECT_THROW(ImageList::read(folder.write("list.txt", "# nothing\n")), IoError);
}

TEST(PictureName, EndsInAnyCase) {
  for (const char* name : {"a.jpg", "a.JPEG", "b.Png", "c.webp", "d.tiff"})
    EXPECT_TRUE(is_picture_name(name)) << name;
  for (const char* name : {"a.txt", "jpg", "a.jpg.part", "a"})
    EXPECT_FALSE(is_picture_name(name)) << name;
}

}  // namespace
}  // namespace svgen
