// SPDX-License-Identifier: MIT
// Tests of the process-wide cache of engines and of the calls that go straight to the backend.
#include "svgen/engine.h"

#include <chrono>
#include <future>

#include "support.h"

namespace svgen {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::read_text;
using testing::report_of;
using testing::ScopedVariable;
using testing::ScratchFolder;

constexpr const char* kMini = SVGEN_MODELS "/mini";

EngineOptions on_cpu(const std::string& model, const std::string& dtype = "float32") {
  return {model, "cpu", dtype};
}

// A card with the embedded model's text in a folder of its own; its weights come from the search
// path.
class CopiedCard : public ::testing::Test {
 protected:
  void replace(const std::string& old, const std::string& fresh) {
    const auto at = text_.find(old);
    ASSERT_NE(at, std::string::npos) << old;
    text_.replace(at, old.size(), fresh);
    folder_.write("own/card.json", text_);
    // File systems count time in ticks; an edit within one would look like none.
    fs::last_write_time(card_, fs::last_write_time(card_) + std::chrono::seconds(++edits_));
  }

  ScratchFolder folder_;
  ScopedVariable search_path_{"SVGEN_MODEL_PATH", kMini};
  std::string text_ = read_text(fs::path(kMini) / "card.json");
  fs::path card_ = folder_.write("own/card.json", text_);
  int edits_ = 0;
};

TEST(EngineOpen, EverySpellingOfAModelGivesTheSameEngine) {
  const auto engine = Engine::open(on_cpu("mini"));
  EXPECT_EQ(Engine::open(on_cpu("")), engine);
  EXPECT_EQ(Engine::open(on_cpu(kMini)), engine);
  EXPECT_EQ(Engine::open(on_cpu(std::string(kMini) + "/")), engine);
  EXPECT_EQ(Engine::open(on_cpu(std::string(kMini) + "/card.json")), engine);
  EXPECT_EQ(Engine::open(on_cpu(fs::relative(kMini).string())), engine);
}

TEST(EngineOpen, AutoOnACpuIsFloat32) {
  const auto engine = Engine::open(on_cpu("mini", "auto"));
  EXPECT_EQ(engine->dtype(), DType::kFloat32);
  EXPECT_TRUE(engine->device().is_cpu());
  EXPECT_EQ(Engine::open(on_cpu("mini")), engine);
}

TEST(EngineOpen, AnotherDTypeIsAnotherEngine) {
  const auto exact = Engine::open(on_cpu("mini"));
  const auto coarse = Engine::open(on_cpu("mini", "bfloat16"));
  EXPECT_NE(exact, coarse);
  EXPECT_EQ(coarse->dtype(), DType::kBFloat16);
  EXPECT_NE(exact->counters().handle, coarse->counters().handle);
}

TEST(EngineOpen, ThreadsThatStartTogetherShareOneEngine) {
  std::vector<std::future<std::shared_ptr<Engine>>> engines;
  for (int i = 0; i < 4; ++i)
    engines.push_back(std::async(std::launch::async, [] { return Engine::open(on_cpu("mini")); }));
  const std::shared_ptr<Engine> first = engines.front().get();
  for (size_t i = 1; i < engines.size(); ++i) EXPECT_EQ(engines[i].get(), first);
}

TEST(EngineOpen, IsFreedWithItsLastHolder) {
  std::weak_ptr<Engine> watched;
  {
    const auto engine = Engine::open(on_cpu("mini"));
    watched = engine;
  }
  EXPECT_TRUE(watched.expired());
  EXPECT_NE(Engine::open(on_cpu("mini")), nullptr);
}

TEST(EngineOpen, LoadsNoWeights) {
  EXPECT_EQ(Engine::open(on_cpu("mini"))->counters().bytes_loaded, 0u);
}

TEST(EngineOpen, KnowsTheModelFromCardAndHeaders) {
  const auto engine = Engine::open(on_cpu("mini"));
  const ModelInfo& info = engine->info();
  EXPECT_EQ(engine->card().name, "mini");
  EXPECT_EQ(info.semantic_channels, 128);
  EXPECT_EQ(info.residual_channels, 24);
  EXPECT_EQ(info.latent_channels, 152);
  EXPECT_EQ(info.classes, 16);
  EXPECT_TRUE(info.has_encoder && info.has_residual && info.has_sampler && info.has_decoder);
  EXPECT_TRUE(info.has_statistics && info.has_alignment);
}

TEST(EngineOpen, AnUnknownModelIsAnIoError) {
  EXPECT_THAT(report_of<IoError>([] { Engine::open(on_cpu("absent")); }), HasSubstr("absent"));
}

TEST(EngineOpen, AnUnknownDeviceIsAnErrorThatQuotesIt) {
  EXPECT_THAT(report_of<ConfigurationError>([] {
                Engine::open({"mini", "gpu", "auto"});
              }),
              HasSubstr("gpu"));
}

TEST(EngineOpen, AnAbsentCudaDeviceIsADeviceErrorThatNamesIt) {
  EXPECT_THAT(report_of<DeviceError>([] {
                Engine::open({"mini", "cuda:99", "auto"});
              }),
              HasSubstr("cuda:99"));
}

TEST(EngineOpen, AnUnknownDTypeIsAnErrorThatQuotesIt) {
  EXPECT_THAT(report_of<ConfigurationError>([] { Engine::open(on_cpu("mini", "float7")); }),
              HasSubstr("float7"));
}

TEST(EngineOpen, ADTypeThatIsNoPrecisionIsRefused) {
  for (const char* dtype : {"int64", "uint8"})
    EXPECT_THROW(Engine::open(on_cpu("mini", dtype)), ConfigurationError) << dtype;
}

TEST_F(CopiedCard, IsAnotherEngineThanTheOriginal) {
  EXPECT_NE(Engine::open(on_cpu(card_.string())), Engine::open(on_cpu("mini")));
}

TEST_F(CopiedCard, IsReadAnewAfterAnEdit) {
  const auto before = Engine::open(on_cpu(card_.string()));
  replace("\"steps\": 10", "\"steps\": 7");
  const auto after = Engine::open(on_cpu(card_.string()));
  EXPECT_NE(after, before);
  EXPECT_EQ(before->card().sampling.steps, 10);
  EXPECT_EQ(after->card().sampling.steps, 7);
}

TEST_F(CopiedCard, AFailedOpenLeavesNothingBehind) {
  const fs::file_time_type time = fs::last_write_time(card_);
  folder_.write("own/card.json", "{");
  fs::last_write_time(card_, time);
  EXPECT_THROW(Engine::open(on_cpu(card_.string())), ConfigurationError);
  folder_.write("own/card.json", text_);
  fs::last_write_time(card_, time);
  EXPECT_EQ(Engine::open(on_cpu(card_.string()))->card().name, "mini");
}

TEST_F(CopiedCard, WithoutARolesWeightsOpensUntilTheRoleIsAsked) {
  replace("dit.safetensors", "absent.safetensors");
  const auto engine = Engine::open(on_cpu(card_.string()));
  EXPECT_TRUE(engine->info().has_sampler);
  EXPECT_THAT(report_of<IoError>([&] { engine->sampler(); }), HasSubstr("absent.safetensors"));
}

TEST_F(CopiedCard, LinkedIntoTwoFoldersIsTwoModels) {
  for (const char* name : {"left", "right"}) {
    fs::create_directories(folder_.path() / name);
    fs::create_symlink(card_, folder_.path() / name / "card.json");
  }
  const auto left = Engine::open(on_cpu((folder_.path() / "left").string()));
  const auto right = Engine::open(on_cpu((folder_.path() / "right").string()));
  EXPECT_NE(left, right);
}

TEST_F(CopiedCard, InALinkedFolderIsOneModel) {
  fs::create_directory_symlink(folder_.path() / "own", folder_.path() / "alias");
  EXPECT_EQ(Engine::open(on_cpu((folder_.path() / "own").string())),
            Engine::open(on_cpu((folder_.path() / "alias").string())));
}

TEST(ReadTensor, CopiesOneTensorToTheHost) {
  const Tensor noise = read_tensor(fs::path(kMini) / "cases.safetensors", "noise");
  EXPECT_EQ(noise.shape(), (Shape{16, 64, 152}));
  EXPECT_EQ(noise.dtype(), DType::kFloat32);
  EXPECT_TRUE(noise.device().is_cpu());
}

TEST(ReadTensor, AnAbsentTensorIsAWeightsErrorThatNamesIt) {
  EXPECT_THAT(report_of<WeightsError>(
                  [] { read_tensor(fs::path(kMini) / "cases.safetensors", "no_such_tensor"); }),
              HasSubstr("no_such_tensor"));
}

TEST(ReadTensor, AnAbsentFileIsAnIoErrorThatNamesIt) {
  EXPECT_THAT(report_of<IoError>([] { read_tensor("/no/such.safetensors", "noise"); }),
              HasSubstr("/no/such.safetensors"));
}

TEST(ToHost, AHostTensorIsItself) {
  const Tensor tensor = Tensor::empty(DType::kFloat32, {2, 3});
  EXPECT_EQ(to_host(tensor).data(), tensor.data());
}

TEST(DescribeWeights, ListsTensorsShapesAndDTypes) {
  const std::string listing = describe_weights(fs::path(kMini) / "stats.safetensors");
  EXPECT_THAT(listing, HasSubstr("dinov3_sp_mean"));
  EXPECT_THAT(listing, HasSubstr("152"));
}

TEST(DescribeWeights, AnAbsentFileIsAnIoError) {
  EXPECT_THROW(describe_weights("/no/such.safetensors"), IoError);
}

TEST(StatisticsRecorderCreate, StartsWithoutImages) {
  EXPECT_EQ(StatisticsRecorder::create()->images(), 0);
}

}  // namespace
}  // namespace svgen
