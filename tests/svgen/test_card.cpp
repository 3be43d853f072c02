// SPDX-License-Identifier: MIT
// Tests of finding a card's files.
#include "svgen/card.h"

#include "support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using testing::report_of;
using testing::ScopedVariable;
using testing::ScratchFolder;

// A card in a folder of its own, and a search path of two other folders.
class CardLocate : public ::testing::Test {
 protected:
  CardLocate() {
    card_.path = folder_.path() / "models" / "own" / "card.json";
    card_.name = "own";
    card_.source = "https://example.org/weights";
  }

  ScratchFolder folder_;
  ScopedVariable search_path_{"SVGEN_MODEL_PATH", (folder_.path() / "first").string() + ":" +
                                                      (folder_.path() / "second").string()};
  Card card_;
};

TEST_F(CardLocate, TakesAnAbsolutePathAsItIs) {
  const auto file = folder_.write("elsewhere/a.bin", "x");
  EXPECT_EQ(card_.locate({file.string(), ""}), file);
}

TEST_F(CardLocate, FindsAFileBesideTheCard) {
  const auto file = folder_.write("models/own/a.bin", "x");
  EXPECT_EQ(card_.locate({"a.bin", ""}), file);
}

TEST_F(CardLocate, FindsAFileOnTheSearchPath) {
  const auto file = folder_.write("second/a.bin", "x");
  EXPECT_EQ(card_.locate({"a.bin", ""}), file);
}

TEST_F(CardLocate, FindsAFileInASubfolderOfTheSearchPath) {
  const auto file = folder_.write("first/published/a.bin", "x");
  EXPECT_EQ(card_.locate({"published/a.bin", ""}), file);
}

TEST_F(CardLocate, PrefersTheCardsFolderThenTheOrderOfTheSearchPath) {
  folder_.write("second/a.bin", "x");
  const auto first = folder_.write("first/a.bin", "x");
  EXPECT_EQ(card_.locate({"a.bin", ""}), first);
  const auto beside = folder_.write("models/own/a.bin", "x");
  EXPECT_EQ(card_.locate({"a.bin", ""}), beside);
}

TEST_F(CardLocate, PassesOverAFolderOfThatName) {
  std::filesystem::create_directories(folder_.path() / "models/own/a.bin");
  const auto file = folder_.write("first/a.bin", "x");
  EXPECT_EQ(card_.locate({"a.bin", ""}), file);
}

TEST_F(CardLocate, MissingFileNamesFilePlacesAndSource) {
  const std::string report = report_of<IoError>([&] { card_.locate({"a.bin", ""}); });
  EXPECT_THAT(report, HasSubstr("a.bin of model own"));
  EXPECT_THAT(report, HasSubstr("https://example.org/weights"));
  for (const char* place : {"models/own/a.bin", "first/a.bin", "second/a.bin"})
    EXPECT_THAT(report, HasSubstr((folder_.path() / place).string()));
}

TEST_F(CardLocate, AFolderInPlaceOfTheFileIsNamed) {
  const auto folder = folder_.path() / "models/own/a.bin";
  std::filesystem::create_directories(folder);
  EXPECT_THAT(report_of<IoError>([&] {
                card_.locate({"a.bin", ""});
              }),
              HasSubstr("found the folder " + folder.string() + ": name the file in it"));
}

TEST_F(CardLocate, MissingAbsoluteFileNamesOnlyThatPlace) {
  const std::string absent = (folder_.path() / "absent.bin").string();
  const std::string report = report_of<IoError>([&] { card_.locate({absent, ""}); });
  EXPECT_THAT(report, HasSubstr(absent));
  EXPECT_THAT(report, ::testing::Not(HasSubstr("first/")));
}

TEST_F(CardLocate, MissingFileOfACardWithoutSourceStillSaysWhatToDo) {
  card_.source.clear();
  EXPECT_THAT(report_of<IoError>([&] {
                card_.locate({"a.bin", ""});
              }),
              HasSubstr("SVGEN_MODEL_PATH"));
}

TEST(CardOfTheEmbeddedModel, FindsAllItsFiles) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  for (const FileReference& file : {card.encoder->source, card.residual->source,
                                    card.decoder->source, card.diffusion->source, *card.statistics})
    EXPECT_EQ(card.locate(file).parent_path(), SVGEN_MODELS "/mini") << file.file;
}

}  // namespace
}  // namespace svgen
