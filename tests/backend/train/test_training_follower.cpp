// SPDX-License-Identifier: MIT
// Engines that take their weights from a training in the same process.
#include "train/training_follower.h"

#include "backend/engine/support.h"
#include "backend/train/support.h"
#include "svgen/support.h"

namespace svgen::engine {
namespace {

namespace fs = std::filesystem;

// Writes the tiny card to `folder`; its transformer has no weights unless `trained`.
fs::path card_in(const fs::path& folder, bool trained) {
  std::ifstream stream(kTinyCard);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!trained) text.replace(text.find("dit_tiny.safetensors"), 20, "untrained");
  for (const char* file : {"autoencoder_tiny.safetensors", "dit_tiny.safetensors", "stats_tiny.pt"})
    fs::create_symlink(kTinyCard.parent_path() / file, folder / file);
  std::ofstream(folder / "card.json") << text;
  return folder / "card.json";
}

class TrainingFollowerTest : public ::testing::Test {
 protected:
  /// Opens a training of the card that saves every step.
  template <typename Trainer, typename Options>
  std::unique_ptr<Trainer> train(Initialization first = Initialization::kModel) const {
    Options options;
    options.model.model = card_;
    options.initialize = first;
    options.learning_rate = 1e-2;
    options.ema_decay = 0;
    options.checkpoint = run_;
    options.checkpoint_interval = 1;
    return Trainer::open(options);
  }
  std::unique_ptr<DiffusionTrainer> train_diffusion() const {
    return train<DiffusionTrainer, DiffusionOptions>();
  }
  std::shared_ptr<Engine> saved(const Trainer& trainer) const {
    char name[32];
    std::snprintf(name, sizeof name, "step-%08d", static_cast<int>(trainer.report().step));
    return Engine::open({.model = run_ / name / "card.json"});
  }
  static std::unique_ptr<TrainingFollower> sampler_of(const std::shared_ptr<Engine>& engine) {
    return TrainingFollower::create(engine, ModelPart::kDiffusion);
  }
  std::shared_ptr<Engine> open(bool follow) const {
    return Engine::open({.model = card_, .follow_training = follow});
  }

  svgen::testing::ScratchFolder folder_;
  const fs::path run_ = folder_.path() / "run";
  fs::path card_ = card_in(folder_.path(), true);
};

Tensor decoded(Engine& engine, const Tensor& latents) {
  return engine.decoder().decode(latents, engine.card().grid, true);
}

TEST_F(TrainingFollowerTest, SamplesWithTheNewestWeightsOfATraining) {
  const auto trainer = train_diffusion();
  const auto engine = open(true);
  const auto follower = sampler_of(engine);
  const SampleRequest request = request_of(2);
  const Tensor before = open(false)->sampler().sample(request);
  EXPECT_TRUE(bit_equal(engine->sampler().sample(request), before));
  for (int step = 0; step < 2; ++step) {
    train::train_next(*trainer);
    const Tensor expected = saved(*trainer)->sampler().sample(request);
    EXPECT_FALSE(bit_equal(engine->sampler().sample(request), expected)) << "not asked yet";
    EXPECT_TRUE(follower->update());
    EXPECT_TRUE(bit_equal(engine->sampler().sample(request), expected));
  }
  EXPECT_TRUE(bit_equal(open(false)->sampler().sample(request), before)) << "who does not follow";
}

TEST_F(TrainingFollowerTest, DecodesWithTheNewestWeightsOfATraining) {
  const auto trainer = train<AutoencoderTrainer, AutoencoderOptions>();
  const auto engine = open(true);
  const auto follower = TrainingFollower::create(engine, ModelPart::kDecoder);
  const Tensor latents = train::latents_of({0}, train::kTinyTokens, train::kTinyChannels);
  EXPECT_TRUE(follower->update());
  train::train_next(*trainer);
  EXPECT_TRUE(follower->update());
  EXPECT_TRUE(bit_equal(decoded(*engine, latents), decoded(*saved(*trainer), latents)));
}

TEST_F(TrainingFollowerTest, KeepsTheLastWeightsOfATrainingThatEnded) {
  const auto engine = open(true);
  const auto follower = sampler_of(engine);
  auto trainer = train_diffusion();
  train::train_next(*trainer);
  const Tensor expected = saved(*trainer)->sampler().sample(request_of(1));
  trainer.reset();
  EXPECT_TRUE(follower->update());
  EXPECT_TRUE(bit_equal(engine->sampler().sample(request_of(1)), expected));
}

TEST_F(TrainingFollowerTest, WaitsForATrainingWhereThereAreNoWeights) {
  const svgen::testing::ScratchFolder untrained;
  card_ = card_in(untrained.path(), false);
  const auto engine = open(true);
  const auto follower = sampler_of(engine);
  EXPECT_THROW(engine->sampler().sample(request_of(1)), ConfigurationError);
  int asked = 0;
  EXPECT_FALSE(follower->update([&](const Progress&) { return ++asked < 3; }));
  EXPECT_EQ(asked, 3);
  const auto trainer = train<DiffusionTrainer, DiffusionOptions>(Initialization::kScratch);
  EXPECT_TRUE(follower->update());
  EXPECT_NO_THROW(engine->sampler().sample(request_of(1)));
}

TEST_F(TrainingFollowerTest, OtherEnginesKeepTheirWeights) {
  const auto trainer = train_diffusion();
  train::train_next(*trainer);
  const auto engine = open(false);
  const Tensor before = engine->sampler().sample(request_of(1));
  EXPECT_TRUE(sampler_of(open(true))->update());
  EXPECT_TRUE(bit_equal(engine->sampler().sample(request_of(1)), before));
}

TEST_F(TrainingFollowerTest, RefusesAPartThatNoTrainingMakes) {
  EXPECT_THROW(TrainingFollower::create(open(true), ModelPart::kEncoder), ConfigurationError);
}

}  // namespace
}  // namespace svgen::engine
