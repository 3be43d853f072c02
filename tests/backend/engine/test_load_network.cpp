// SPDX-License-Identifier: MIT
// Loading a network: digest first, everything wrong at once, nothing kept of a failed attempt.
#include "engine/load_network.h"

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

TEST(LoadNetwork, CountsTheBytesItHolds) {
  const ModelFiles files(Card::load(kTinyCard));
  runtime::Runtime runtime(Device{}, DType::kFloat32);
  const auto denoiser =
      load_network(files, ModelPart::kDiffusion, files.system().diffusion, runtime);
  int64_t bytes = 0;
  nn::visit_state(*denoiser, [&](const nn::StateSlot& slot) {
    bytes += slot.tensor.defined() ? static_cast<int64_t>(slot.tensor.nbytes()) : 0;
  });
  EXPECT_EQ(runtime.counters().bytes_loaded, static_cast<uint64_t>(bytes));
  EXPECT_GT(runtime.counters().seconds_loading, 0);
}

TEST(LoadNetwork, KeepsEveryTensorPackedOrAtAnAlignedAddress) {
  const ModelFiles files(Card::load(kTinyCard));
  runtime::Runtime runtime(Device{}, DType::kFloat32);
  const auto denoiser =
      load_network(files, ModelPart::kDiffusion, files.system().diffusion, runtime);
  nn::visit_state(*denoiser, [](const nn::StateSlot& slot) {
    if (!slot.tensor.defined()) return;
    EXPECT_TRUE(slot.kind == nn::SlotKind::kPackable || !slot.tensor.is_mkldnn()) << slot.name;
    if (slot.tensor.is_mkldnn()) return;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(slot.tensor.const_data_ptr()) % 64, 0u) << slot.name;
  });
}

TEST(LoadNetwork, RefusesAFileWithAnotherDigest) {
  Card card = Card::load(kTinyCard);
  card.diffusion->source.sha256 = std::string(64, 'a');
  const ModelFiles files(card);
  runtime::Runtime runtime(Device{}, DType::kFloat32);
  EXPECT_THROW(load_network(files, ModelPart::kDiffusion, files.system().diffusion, runtime),
               WeightsError);
  EXPECT_EQ(runtime.counters().bytes_loaded, 0u);
}

}  // namespace
}  // namespace svgen::engine
