// SPDX-License-Identifier: MIT
// Tests of finding model cards.
#include "svgen/registry.h"

#include <algorithm>
#include <map>

#include "support.h"

namespace svgen {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::report_of;
using testing::ScopedVariable;
using testing::ScratchFolder;

std::vector<fs::path> first_places(size_t count) {
  std::vector<fs::path> path = model_search_path();
  path.resize(count);
  return path;
}

TEST(ModelSearchPath, StartsWithTheVariablesFoldersInOrder) {
  const ScopedVariable listed("SVGEN_MODEL_PATH", "/b:/a");
  EXPECT_THAT(first_places(2), ElementsAre("/b", "/a"));
}

TEST(ModelSearchPath, SkipsEmptyEntriesOfTheVariable) {
  const ScopedVariable listed("SVGEN_MODEL_PATH", "::/a::");
  const ScopedVariable data("XDG_DATA_HOME", "/data");
  EXPECT_THAT(first_places(2), ElementsAre("/a", "/data/svgen/models"));
}

TEST(ModelSearchPath, HasTheUsersDataDirectory) {
  const ScopedVariable listed("SVGEN_MODEL_PATH", std::nullopt);
  const ScopedVariable data("XDG_DATA_HOME", "/data");
  EXPECT_THAT(first_places(1), ElementsAre("/data/svgen/models"));
}

TEST(ModelSearchPath, FallsBackToTheHomeDirectory) {
  const ScopedVariable listed("SVGEN_MODEL_PATH", std::nullopt);
  const ScopedVariable home("HOME", "/home/someone");
  for (const std::optional<std::string>& unset :
       {std::optional<std::string>(), std::optional<std::string>("")}) {
    const ScopedVariable data("XDG_DATA_HOME", unset);
    EXPECT_THAT(first_places(1), ElementsAre("/home/someone/.local/share/svgen/models"));
  }
}

TEST(ModelSearchPath, EndsWithTheSourceModels) {
  EXPECT_EQ(model_search_path().back(), fs::path(SVGEN_MODELS));
}

TEST(ModelSearchPath, WorksWithoutAnyVariable) {
  const ScopedVariable listed("SVGEN_MODEL_PATH", std::nullopt);
  const ScopedVariable data("XDG_DATA_HOME", std::nullopt);
  const ScopedVariable home("HOME", std::nullopt);
  EXPECT_EQ(model_search_path().size(), 2u);  // installed, source
}

// Two folders on the search path, and nothing of the user's.
class Registry : public ::testing::Test {
 protected:
  fs::path add_card(const fs::path& folder) { return folder_.write(folder / "card.json", "{}"); }

  ScratchFolder folder_;
  ScopedVariable search_path_{"SVGEN_MODEL_PATH", (folder_.path() / "first").string() + ":" +
                                                      (folder_.path() / "second").string()};
  ScopedVariable data_{"XDG_DATA_HOME", (folder_.path() / "data").string()};
};

TEST_F(Registry, FindsACardByItsPath) {
  const fs::path card = folder_.write("elsewhere/my.json", "{}");
  EXPECT_EQ(find_card(card.string()), card);
}

TEST_F(Registry, FindsACardByItsDirectory) {
  const fs::path card = add_card("elsewhere/model");
  EXPECT_EQ(find_card(card.parent_path().string()), card);
  EXPECT_EQ(find_card(card.parent_path().string() + "/"), card);
}

TEST_F(Registry, FindsACardByItsName) {
  const fs::path card = add_card("second/own");
  EXPECT_EQ(find_card("own"), card);
}

TEST_F(Registry, FindsACardInTheUsersDataDirectory) {
  const fs::path card = add_card("data/svgen/models/own");
  EXPECT_EQ(find_card("own"), card);
}

TEST_F(Registry, TakesTheFirstOfTheSearchPath) {
  add_card("second/own");
  const fs::path card = add_card("first/own");
  EXPECT_EQ(find_card("own"), card);
}

TEST_F(Registry, TheEmptyNameIsTheEmbeddedModel) {
  EXPECT_EQ(find_card(""), fs::path(SVGEN_MODELS) / kEmbeddedModel / "card.json");
}

TEST_F(Registry, MakesARelativePathAbsolute) {
  const fs::path card = add_card("elsewhere/model");
  const fs::path relative = fs::relative(card);
  EXPECT_EQ(find_card(relative.string()), card);
}

TEST_F(Registry, PassesOverAFolderWithoutCard) {
  fs::create_directories(folder_.path() / "first/own");
  const fs::path card = add_card("second/own");
  EXPECT_EQ(find_card("own"), card);
}

TEST_F(Registry, UnknownNameListsPlacesAndNames) {
  add_card("second/own");
  const std::string report = report_of<IoError>([] { find_card("absent"); });
  EXPECT_THAT(report, HasSubstr((folder_.path() / "first/absent/card.json").string()));
  EXPECT_THAT(report, HasSubstr((folder_.path() / "second/absent/card.json").string()));
  EXPECT_THAT(report, HasSubstr(SVGEN_MODELS "/absent/card.json"));
  EXPECT_THAT(report, HasSubstr("mini"));
  EXPECT_THAT(report, HasSubstr("own"));
}

TEST_F(Registry, MissingPathListsOnlyThatPlace) {
  const std::string absent = (folder_.path() / "absent/card.json").string();
  const std::string report = report_of<IoError>([&] { find_card(absent); });
  EXPECT_THAT(report, HasSubstr("found none; in " + absent + ")"));
}

TEST_F(Registry, ADirectoryWithoutCardSaysWhichCard) {
  const fs::path bare = folder_.path() / "bare";
  fs::create_directories(bare);
  EXPECT_THAT(report_of<IoError>([&] { find_card(bare.string()); }),
              HasSubstr((bare / "card.json").string()));
}

TEST_F(Registry, ANameDoesNotLeaveTheSearchPath) {
  add_card("");
  add_card("outside");
  for (const char* name : {"..", "../outside", ".", "/"})
    EXPECT_THROW(find_card(name), IoError) << name;
}

TEST_F(Registry, OddNamesAreAnIoError) {
  for (const std::string& name : {std::string(100'000, 'x'), std::string("a\0b", 3),
                                  std::string("\xff\xfe"), std::string("a\nb")})
    EXPECT_THROW(find_card(name), IoError);
}

TEST_F(Registry, ABrokenCardHidesNoOther) {
  folder_.write("first/broken/card.json", "{ no");
  folder_.write("first/sound/card.json", R"({"patch": 16, "grid": [4, 4]})");
  fs::create_directories(folder_.path() / "first/linked");
  fs::create_symlink("/no/such/file", folder_.path() / "first/linked/card.json");
  fs::create_directories(folder_.path() / "first/folder/card.json");
  std::map<std::string, RegisteredModel> models;
  for (const RegisteredModel& model : read_registered_models()) models[model.name] = model;
  ASSERT_TRUE(models.contains("mini"));
  ASSERT_TRUE(models["mini"].card.has_value());
  EXPECT_EQ(models["sound"].card->patch, 16);
  EXPECT_TRUE(models["sound"].problem.empty());
  EXPECT_FALSE(models["broken"].card.has_value());
  EXPECT_THAT(models["broken"].problem, HasSubstr("not valid JSON"));
  EXPECT_THAT(models["broken"].problem, HasSubstr(models["broken"].path.string()));
  for (const char* name : {"linked", "folder"})
    EXPECT_THAT(models[name].problem, HasSubstr("cannot be read")) << name;
  EXPECT_THAT(registered_models(), Not(Contains("linked")));
}

TEST_F(Registry, TheCardThatCountsIsTheOneRead) {
  fs::create_directories(folder_.path() / "first/own/card.json");
  const fs::path card = add_card("second/own");
  for (const RegisteredModel& model : read_registered_models())
    EXPECT_TRUE(model.name != "own" || model.path == card);
}

TEST_F(Registry, ListsEachNameOnceAndSorted) {
  for (const char* card : {"first/zebra", "second/zebra", "second/ant"}) add_card(card);
  const std::vector<std::string> names = registered_models();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::count(names.begin(), names.end(), "zebra"), 1);
  EXPECT_THAT(names, Contains("ant"));
  EXPECT_THAT(names, Contains("mini"));
}

TEST_F(Registry, ListsOnlyFoldersWithACard) {
  fs::create_directories(folder_.path() / "first/bare");
  folder_.write("first/stray.json", "{}");
  EXPECT_THAT(registered_models(), Not(Contains("bare")));
  EXPECT_THAT(registered_models(), Not(Contains("stray.json")));
}

}  // namespace
}  // namespace svgen
