// SPDX-License-Identifier: MIT
// Trainings whose data do not fit end with an error that says so.
#include "svgtrain/train_checks.h"

#include <nlohmann/json.hpp>

#include "support.h"

namespace svgen::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kTrainer = " ! svgtrainautoencoder discriminator-weight=0 model=mini ";

TEST(TrainChecks, FewerImagesThanABatchIsAnError) {
  const ScratchFolder folder;
  const std::string error =
      first_error("svgscenesrc num-images=1" + kTrainer +
                  "batch-size=8 max-steps=2 checkpoint=" + (folder.path() / "ae").string());
  EXPECT_THAT(error, AllOf(HasSubstr("the stream ended before the training"), HasSubstr("2 steps"),
                           HasSubstr("0 steps, and 1 images"), HasSubstr("batch of 8")));
  for (const auto& entry : fs::directory_iterator(folder.path() / "ae"))
    EXPECT_EQ(entry.path().filename(), "lock");
  EXPECT_THAT(first_error("svgscenesrc num-images=1" + kTrainer + "batch-size=8"),
              HasSubstr("one step at least"));
}

TEST(TrainChecks, AStreamThatIsTooShortIsAnErrorAndItsStepsAreSaved) {
  const ScratchFolder folder;
  const std::string error =
      first_error("svgscenesrc num-images=5" + kTrainer +
                  "batch-size=2 max-steps=3 checkpoint=" + folder.path().string());
  EXPECT_THAT(error, AllOf(HasSubstr("3 steps"), HasSubstr("2 steps, and 1 images")));
  EXPECT_TRUE(fs::exists(folder.path() / "step-00000002" / "card.json"));
}

TEST(TrainChecks, AStreamWithoutAnythingIsAnError) {
  EXPECT_THAT(first_error("svgscenesrc num-images=0" + kTrainer), HasSubstr("and 0 images"));
  EXPECT_THAT(first_error("fakesrc num-buffers=0" + kTrainer), HasSubstr("nothing arrived"));
}

TEST(TrainChecks, AnEarlierTrainingInTheFolderIsMovedWithAWarning) {
  const ScratchFolder folder;
  const std::string line = "svgscenesrc num-images=2" + kTrainer +
                           "batch-size=2 max-steps=1 checkpoint=" + folder.path().string();
  ASSERT_TRUE(Pipeline(line).run());
  Pipeline again(line);
  gst_element_set_state(again.get(), GST_STATE_PLAYING);
  const MessagePtr warning = again.wait_for(GST_MESSAGE_WARNING);
  ASSERT_TRUE(warning);
  GError* error = nullptr;
  gst_message_parse_warning(warning.get(), &error, nullptr);
  EXPECT_THAT(error->message, HasSubstr((folder.path() / "before").string()));
  g_error_free(error);
  EXPECT_TRUE(again.wait_for_end());
  again.stop();
  EXPECT_TRUE(fs::exists(folder.path() / "before/step-00000001/card.json"));
  EXPECT_TRUE(fs::exists(folder.path() / "step-00000001/card.json"));
}

// Two class folders with a picture each, and a card that has classes but no names for them.
class TrainedNames : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"set/cat/0.ppm", "set/dog/1.ppm"})
      folder_.write(name, ppm(numbered_picture(1, 64, 64)));
  }
  fs::path card(const std::string& classes) const {
    auto json = nlohmann::json::parse(svgen::testing::read_text(other_card(folder_, "own")));
    json.erase("classes");
    json["diffusion"]["classes"] = std::stoi(classes);
    json["diffusion"]["file"] = "untrained";
    for (const char* role : {"encoder", "residual", "decoder", "diffusion", "statistics"})
      json[role].erase("sha256");
    return folder_.write("own/card.json", json.dump());
  }
  std::vector<std::string> names_in(const std::string& step) const {
    const auto trained = nlohmann::json::parse(
        svgen::testing::read_text(folder_.path() / "run" / step / "card.json"));
    return trained.value("classes", std::vector<std::string>());
  }
  std::string encoded() const {
    return "svgdatasetsrc size=64 location=" + (folder_.path() / "set").string() +
           " ! svgencode model=mini batch-size=2 ! svgalign labels=true ! queue ! ";
  }
  std::string trainer(const fs::path& model) const {
    return "svgtraindiffusion model=" + model.string() +
           " batch-size=2 max-steps=1 checkpoint=" + (folder_.path() / "run").string();
  }
  ScratchFolder folder_;
};

TEST_F(TrainedNames, ComeFromTheFoldersThroughTheStoreIntoTheCard) {
  const fs::path raw = folder_.path() / "latents.raw";
  ASSERT_TRUE(Pipeline(encoded() + "svglatentsink location=" + raw.string()).run());
  ASSERT_TRUE(
      Pipeline("svglatentsrc location=" + raw.string() + " ! queue ! " + trainer(card("2"))).run());
  EXPECT_THAT(names_in("step-00000001"), ::testing::ElementsAre("cat", "dog"));
}

TEST_F(TrainedNames, OfAnotherNumberAreNotTakenAndThatIsSaid) {
  Pipeline pipeline("svglatentsrc name=s location=" + (folder_.path() / "l.raw").string() + " ! " +
                    trainer(card("3")));
  ASSERT_TRUE(
      Pipeline(encoded() + "svglatentsink location=" + (folder_.path() / "l.raw").string()).run());
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const MessagePtr warning = pipeline.wait_for(GST_MESSAGE_WARNING);
  ASSERT_TRUE(warning);
  EXPECT_TRUE(pipeline.wait_for_end());
  pipeline.stop();
  EXPECT_TRUE(names_in("step-00000001").empty());
}

}  // namespace
}  // namespace svgen::gst::testing
