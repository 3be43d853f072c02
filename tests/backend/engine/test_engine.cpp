// SPDX-License-Identifier: MIT
// The engine as a whole: the same bits for every batch, thread count and container; many callers.
#include "engine/engine.h"

#include <ATen/Parallel.h>
#include <ATen/ops/allclose.h>

#include <thread>

#include "backend/engine/support.h"
#include "ops/products.h"
#include "runtime/worker.h"
#include "svgen/support.h"

namespace svgen::engine {
namespace {

// Sets the worker's number of threads, and sets it back at the end.
class Threads {
 public:
  explicit Threads(int count) {
    runtime::Worker::instance().run([&] {
      before_ = at::get_num_threads();
      at::set_num_threads(count);
    });
  }
  ~Threads() {
    runtime::Worker::instance().run([this] { at::set_num_threads(before_); });
  }

 private:
  int before_ = 1;
};

SampleRequest part_of(const SampleRequest& request, size_t first, size_t count) {
  SampleRequest part = request;
  part.indices = {request.indices.begin() + first, request.indices.begin() + first + count};
  part.classes = {request.classes.begin() + first, request.classes.begin() + first + count};
  return part;
}

// Latents, pixels and aligned features of 8 images, one tensor for each image.
struct Outputs {
  std::vector<Tensor> tensors;
};

Outputs run_all(ModelEngine& engine, int64_t batch) {
  const Grid grid = engine.card().grid;
  const int64_t side = grid.width * engine.card().patch;
  const SampleRequest request = request_of(8);
  Outputs outputs;
  for (int64_t first = 0; first < 8; first += batch) {
    const int64_t count = std::min<int64_t>(batch, 8 - first);
    const Tensor latents = engine.sampler().sample(part_of(request, first, count));
    std::vector<uint8_t> memory(count * side * side * 3);
    std::vector<MutableImageView> pictures;
    std::vector<ImageView> views;
    for (int64_t n = 0; n < count; ++n) {
      uint8_t* start = &memory[n * side * side * 3];
      pictures.push_back(packed_rgb(start, side, side));
      views.push_back(packed_rgb<const uint8_t>(start, side, side));
    }
    engine.decoder().decode_into(latents, grid, false, pictures);
    const Tensor pixels = engine.decoder().decode(latents, grid, false);
    const Features features = engine.encoder().encode(views, FeatureKind::kBoth);
    const Tensor aligned =
        engine.aligner().align(features.semantic, features.residual, AlignmentMode::kAuto, true);
    for (int64_t n = 0; n < count; ++n)
      for (const Tensor& tensor : {latents, pixels, aligned})
        outputs.tensors.push_back(tensor.rows(n, 1));
  }
  return outputs;
}

void expect_bit_equal(const Outputs& a, const Outputs& b, const std::string& what) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_TRUE(bit_equal(a.tensors[i], b.tensors[i])) << what << ", image " << i / 3
                                                       << (i % 3 == 0   ? " latent"
                                                           : i % 3 == 1 ? " pixels"
                                                                        : " encoding");
  }
}

class EngineBits : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(EngineBits, DoNotDependOnBatchOrThreads) {
  const auto engine = open_engine(GetParam());
  Outputs reference;
  {
    const Threads threads(1);
    reference = run_all(*engine, 1);
  }
  for (const int count : {1, 2}) {
    const Threads threads(count);
    for (const int64_t batch : {1, 3, 8}) {
      expect_bit_equal(run_all(*engine, batch), reference,
                       std::to_string(count) + " threads, batch " + std::to_string(batch));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EngineBits, ::testing::Values(kTinyCard, kMiniCard),
                         [](const auto& model) { return model.index == 0 ? "tiny" : "mini"; });

TEST(Engine, GivesTheSameBitsFromBothContainers) {
  const auto safetensors = open_engine(kTinyCard);
  const auto published = open_engine(kTinyCard.parent_path() / "published.json");
  expect_bit_equal(run_all(*published, 8), run_all(*safetensors, 8), "containers");
}

TEST(Engine, ServesManyThreadsAtOnce) {
  const auto engine = open_engine();
  const SampleRequest request = request_of(2);
  const Tensor expected = open_engine()->sampler().sample(request);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const Tensor latents = engine->sampler().sample(request);
      EXPECT_TRUE(bit_equal(latents, expected));
      EXPECT_TRUE(engine->decoder().decode(latents, {4, 4}, false).defined());
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(engine->counters().images_sampled, 8u);
  EXPECT_EQ(engine->counters().images_decoded, 8u);
}

TEST(Engine, ReadsNoWeightsUntilARoleIsUsed) {
  const auto engine = open_engine();
  EXPECT_EQ(engine->info().latent_channels, 56);
  EXPECT_EQ(engine->counters().bytes_loaded, 0u);
  engine->sampler();
  const uint64_t loaded = engine->counters().bytes_loaded;
  EXPECT_GT(loaded, 0u);
  engine->sampler();
  EXPECT_EQ(engine->counters().bytes_loaded, loaded);
}

TEST(Engine, RetriesARoleWhoseFileWasMissing) {
  const std::filesystem::path file = scratch_file("late.safetensors");
  const auto engine = open_edited([&](Card& card) { card.diffusion->source.file = file; });
  EXPECT_THROW(engine->sampler(), IoError);
  std::filesystem::copy_file(kTinyCard.parent_path() / "dit_tiny.safetensors", file);
  EXPECT_NO_THROW(engine->sampler());
}

TEST(Engine, NamesTheKeyOfEveryRoleTheCardLacks) {
  const auto engine = open_edited([](Card& card) {
    card.diffusion.reset();
    card.decoder.reset();
  });
  EXPECT_NE(report_of<ConfigurationError>([&] { engine->sampler(); }).find("\"diffusion\""),
            std::string::npos);
  EXPECT_NE(report_of<ConfigurationError>([&] { engine->decoder(); }).find("\"decoder\""),
            std::string::npos);
}

TEST(Engine, ComputesInBFloat16CloseToFloat32) {
  const auto half = open_engine(kTinyCard, DType::kBFloat16);
  const auto full = open_engine();
  const SampleRequest request = request_of(1);
  const Tensor latents = half->sampler().sample(request);
  EXPECT_EQ(latents.dtype(), DType::kFloat32);
  EXPECT_TRUE(at::allclose(to_torch(latents), to_torch(full->sampler().sample(request)), 0, 0.1));
  EXPECT_LT(half->counters().bytes_loaded, full->counters().bytes_loaded);
}

TEST(Engine, OutlivesFilesThatAreCutShort) {
  if (!ops::has_independent_rows(at::kFloat)) GTEST_SKIP() << "nothing is packed without oneDNN";
  const svgen::testing::ScratchFolder folder;
  const std::filesystem::path source = kTinyCard.parent_path();
  const std::vector<std::string> files = {"dit_tiny.safetensors", "autoencoder_tiny.safetensors",
                                          "stats_tiny.pt"};
  std::filesystem::copy(kTinyCard, folder.path());
  for (const std::string& file : files) std::filesystem::copy(source / file, folder.path());
  const auto engine = open_engine(folder.path() / "card.json");
  const Outputs before = run_all(*engine, 8);
  for (const std::string& file : files) std::filesystem::resize_file(folder.path() / file, 0);
  expect_bit_equal(run_all(*engine, 8), before, "with empty files");
}

std::vector<NamedTensor> tensors_of(const std::filesystem::path& file) {
  std::vector<NamedTensor> tensors;
  const auto source = weights::open_weights(file);
  for (const weights::TensorInfo& info : source->tensors())
    tensors.push_back({info.name, from_torch(source->read(info.name))});
  return tensors;
}

TEST(ReplaceWeights, GivesANetworkOtherWeightsOrNone) {
  const auto engine = open_engine();
  const SampleRequest request = request_of(1);
  const Tensor before = engine->sampler().sample(request);
  std::vector<NamedTensor> tensors = tensors_of(kTinyCard.parent_path() / "dit_tiny.safetensors");
  for (NamedTensor& tensor : tensors) {
    if (tensor.name != "final_layer.linear.bias") continue;
    tensor.tensor = from_torch(to_torch(tensor.tensor) + 0.5);
  }
  engine->replace_weights(ModelPart::kDiffusion, tensors);
  const Tensor after = engine->sampler().sample(request);
  EXPECT_FALSE(bit_equal(after, before));
  tensors.pop_back();
  EXPECT_THROW(engine->replace_weights(ModelPart::kDiffusion, tensors), WeightsError);
  EXPECT_TRUE(bit_equal(engine->sampler().sample(request), after)) << "a failure changes nothing";
}

TEST(ReplaceWeights, WorksForEveryNetworkAndNothingElse) {
  const auto engine = open_engine();
  const auto file = tensors_of(kTinyCard.parent_path() / "autoencoder_tiny.safetensors");
  for (const auto& [part, prefix] : {std::pair{ModelPart::kEncoder, "encoder."},
                                     {ModelPart::kResidual, "extra_vit."},
                                     {ModelPart::kDecoder, "decoder."}}) {
    std::vector<NamedTensor> tensors;
    for (const NamedTensor& tensor : file)
      if (tensor.name.starts_with(prefix))
        tensors.push_back({tensor.name.substr(std::string(prefix).size()), tensor.tensor});
    EXPECT_NO_THROW(engine->replace_weights(part, tensors)) << prefix;
  }
  EXPECT_THROW(engine->replace_weights(ModelPart::kStatistics, {}), ConfigurationError);
}

TEST(HasWeights, IsTrueOfWhatCanBeLoaded) {
  const auto engine = open_edited([](Card& card) { card.statistics.reset(); });
  EXPECT_TRUE(engine->has_weights(ModelPart::kDiffusion));
  EXPECT_TRUE(engine->has_weights(ModelPart::kDecoder));
  EXPECT_TRUE(engine->has_weights(ModelPart::kEncoder));
  EXPECT_FALSE(engine->has_weights(ModelPart::kStatistics));
}

TEST(Latent, IsThatOfTheModelsOwnPictures) {
  const auto engine = open_engine();
  EXPECT_EQ(engine->latent(), (LatentSpec{.channels = 56, .height = 4, .width = 4, .cell = 16}));
  EXPECT_EQ(engine->latent().picture_width(), 64);
}

}  // namespace
}  // namespace svgen::engine
