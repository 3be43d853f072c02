// SPDX-License-Identifier: MIT
// The compute library through its one entry, as libsvgen opens it.
#include "svgen/backend.h"

#include "backend/engine/support.h"

namespace svgen {
namespace {

TEST(Backend, IsOneInstance) {
  EXPECT_EQ(&backend(), &backend());
}

TEST(Backend, OpensOneEngineForAllWhoAskForTheSame) {
  const EngineOptions options{engine::kTinyCard.string(), "cpu", "auto"};
  const std::shared_ptr<Engine> engine = Engine::open(options);
  EXPECT_EQ(Engine::open(options), engine);
  EXPECT_NE(Engine::open({engine::kTinyCard.string(), "cpu", "bfloat16"}), engine);
  EXPECT_EQ(engine->info().latent_channels, 56);
  EXPECT_NE(engine->counters().handle, 0u);
}

TEST(Backend, ReadsATensorThatMayBeChanged) {
  Tensor noise = read_tensor(SVGEN_TEST_DATA "/tiny/cases.safetensors", "smp.noise");
  EXPECT_EQ(noise.shape(), (Shape{2, 16, 56}));
  noise.data_as<float>()[0] = 1;
  EXPECT_THROW(read_tensor(SVGEN_TEST_DATA "/tiny/cases.safetensors", "absent"), WeightsError);
  EXPECT_THROW(read_tensor("/absent.safetensors", "x"), IoError);
}

TEST(Backend, DescribesWeights) {
  EXPECT_NE(describe_weights(SVGEN_TEST_DATA "/tiny/dit_tiny.pt").find("blocks.0.attn.qkv.weight"),
            std::string::npos);
}

TEST(Backend, RefusesAnEmptyTeam) {
  EXPECT_THROW(set_num_threads(0), ConfigurationError);
  EXPECT_NO_THROW(set_num_threads(2));
}

}  // namespace
}  // namespace svgen
