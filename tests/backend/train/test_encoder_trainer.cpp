// SPDX-License-Identifier: MIT
// The trainer of the encoder on the tiny model.
#include <cstring>

#include "backend/train/trainer_tests.h"

namespace svgen::train {
namespace {

struct EncoderPhase : Phase<EncoderOptions, EncoderTrainer> {
  static EncoderOptions options(const std::filesystem::path& checkpoint = {}) {
    EncoderOptions o = Phase::options(checkpoint);
    o.prototypes = 16;
    o.head_width = 24;
    o.head_bottleneck = 8;
    o.local_views = 1;
    o.clip_norm = 0;
    return o;
  }
  // Scores are cosines, which stay finite unless weights become infinite.
  static void diverge(EncoderOptions& o) {
    o.learning_rate = 10;
    o.weight_decay = 1e15;
  }
};

double loss_after(EncoderOptions options, int steps) {
  options.learning_rate = 3e-3;
  const auto trainer = EncoderTrainer::open(options);
  const std::vector<int64_t> indices = index_range(0, kBatch);
  const Pictures pictures(kTinySize, indices);
  double loss = 0;
  for (int i = 0; i < steps; ++i)
    loss = loss_of(trainer->train(pictures.views(), labels_of(indices), indices));
  return loss;
}

TEST(EncoderTrainer, LearnsWithEitherKindOfTargets) {
  for (const TeacherTargets targets : {TeacherTargets::kSinkhorn, TeacherTargets::kCentering}) {
    EncoderOptions options = EncoderPhase::options();
    options.initialize = Initialization::kScratch;
    options.targets = targets;
    EXPECT_LT(loss_after(options, 30), loss_after(options, 1));
  }
}

TEST(EncoderTrainer, TargetsTakeOverFromSinkhornAfterItsSteps) {
  EncoderOptions sinkhorn = EncoderPhase::options();
  sinkhorn.initialize = Initialization::kScratch;
  EncoderOptions both = sinkhorn, centering = sinkhorn;
  both.targets = centering.targets = TeacherTargets::kCentering;
  both.sinkhorn_steps = 2;
  EXPECT_NE(loss_after(centering, 2), loss_after(sinkhorn, 2));
  EXPECT_EQ(loss_after(both, 2), loss_after(sinkhorn, 2));
  EXPECT_NE(loss_after(both, 3), loss_after(sinkhorn, 3));
}

TEST(EncoderTrainer, ScoresTheMeanPatchWhereAsked) {
  EncoderOptions options = EncoderPhase::options();
  options.initialize = Initialization::kScratch;
  const double of_class = loss_after(options, 1);
  options.view_token = ViewToken::kMean;
  EXPECT_NE(loss_after(options, 1), of_class);
  EXPECT_LT(loss_after(options, 30), loss_after(options, 1));
}

TEST(EncoderTrainer, RefusesAnEncoderOfAnotherKind) {
  const svgen::testing::ScratchFolder folder;
  EncoderOptions options = EncoderPhase::options();
  options.model.model = folder.write("card.json", R"({"patch": 16, "grid": [4, 4],
                       "encoder": {"kind": "dinov2", "file": "x", "preset": "dinov2-s"}})");
  EXPECT_THROW(EncoderTrainer::open(options), ConfigurationError);
}

TEST(EncoderTrainer, ExportsAnEncoderThatTheCardReads) {
  const svgen::testing::ScratchFolder folder;
  EncoderOptions options = EncoderPhase::options(folder.path() / "run");
  options.max_steps = 1;
  options.initialize = Initialization::kScratch;
  train_next(*EncoderTrainer::open(options));
  const std::string listing =
      describe_weights(options.checkpoint / "step-00000001" / "ema.safetensors");
  EXPECT_THAT(listing, ::testing::HasSubstr("blocks.1.attn.qkv.bias_mask"));
  EXPECT_THAT(listing, ::testing::HasSubstr("rope_embed.periods"));
  EXPECT_THAT(listing, ::testing::Not(::testing::HasSubstr("head.")));
  const auto engine = Engine::open({.model = options.checkpoint / "step-00000001"});
  const Pictures pictures(kTinySize, {0});
  EXPECT_EQ(engine->encoder().encode(pictures.views(), FeatureKind::kSemantic).semantic.size(2),
            48);
}

TEST(EncoderTrainer, KeepsWhatAFileHoldsBesideItsWeights) {
  const svgen::testing::ScratchFolder folder;
  EncoderOptions options = EncoderPhase::options(folder.path() / "run");
  options.max_steps = 1;
  options.learning_rate = 0;
  train_next(*EncoderTrainer::open(options));
  const auto exported = options.checkpoint / "step-00000001" / "ema.safetensors";
  const std::string tiny = SVGEN_TEST_DATA "/tiny/autoencoder_tiny.safetensors";
  for (const std::string name : {"rope_embed.periods", "blocks.0.attn.qkv.bias_mask", "cls_token",
                                 "mask_token", "blocks.1.mlp.w3.weight"}) {
    const Tensor kept = read_tensor(exported, name), given = read_tensor(tiny, "encoder." + name);
    ASSERT_EQ(kept.shape(), given.shape()) << name;
    EXPECT_EQ(std::memcmp(kept.data(), given.data(), kept.byte_count()), 0) << name;
  }
}

TEST(EncoderTrainer, TakesPicturesOfAnySize) {
  const auto trainer = EncoderTrainer::open(EncoderPhase::options());
  const std::vector<int64_t> indices = index_range(0, kBatch);
  const std::vector<int64_t> labels = labels_of(indices);
  EXPECT_TRUE(trainer->train(Pictures(150, indices).views(), labels, indices).stepped);
  EXPECT_THROW(trainer->train(Pictures(8, indices).views(), labels, indices), ShapeError);
  EXPECT_THROW(trainer->train(Pictures(64, {0}).views(), labels, indices), ShapeError);
  EXPECT_THROW(trainer->train(Pictures(64, indices).views(), {}, indices), ShapeError);
}

TEST(EncoderTrainer, GoesWithoutMasksAndLocalViews) {
  EncoderOptions options = EncoderPhase::options();
  options.patch_weight = 0;
  options.local_views = 0;
  EXPECT_TRUE(train_next(*EncoderTrainer::open(options)).stepped);
}

// Returns the value of a term of the loss, or -1 when there is no such term.
double term_of(const TrainReport& report, std::string_view name) {
  for (const auto& [term, value] : report.metrics)
    if (term == name) return value;
  return -1;
}

TEST(EncoderTrainer, LabelsEnterOnlyWhenTheyHaveAWeight) {
  EncoderOptions options = EncoderPhase::options();
  EXPECT_EQ(term_of(train_next(*EncoderTrainer::open(options)), "label_loss"), -1);
  options.label_weight = 1;
  options.learning_rate = 3e-3;
  const auto trainer = EncoderTrainer::open(options);
  const std::vector<int64_t> indices = index_range(0, kBatch);
  const Pictures pictures(kTinySize, indices);
  const auto step = [&](const std::vector<int64_t>& labels) {
    return term_of(trainer->train(pictures.views(), labels, indices), "label_loss");
  };
  EXPECT_EQ(step(std::vector<int64_t>(kBatch, -1)), 0) << "no image has a class";
  const double first = step(labels_of(indices));
  for (int i = 0; i < 20; ++i) step(labels_of(indices));
  EXPECT_LT(step(labels_of(indices)), 0.7 * first);
  EXPECT_THROW(step(std::vector<int64_t>(kBatch, 10)), ConfigurationError);
}

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Encoder, TrainerTest, ::testing::Types<EncoderPhase>);

}  // namespace svgen::train
