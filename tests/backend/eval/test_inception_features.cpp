// SPDX-License-Identifier: MIT
// Inception from a file, on 8-bit pictures; the network's numbers are tested beside it.
#include "eval/inception_features.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "backend/models/inception_fill.h"
#include "interop/tensor.h"
#include "svgen/error.h"
#include "svgen/picture.h"
#include "svgen/support.h"
#include "weights/safetensors.h"

namespace svgen::eval {
namespace {

TEST(InceptionFeatures, OfAPicture) {
  models::Inception network = test::filled_inception();
  const svgen::testing::ScratchFolder folder;
  const std::filesystem::path file = folder.path() / "inception.safetensors";
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  nn::visit_state(network, [&](const nn::StateSlot& slot) {
    if (slot.tensor.defined()) tensors.emplace_back(slot.name, slot.tensor);
  });
  weights::write_safetensors(file, tensors);

  Picture picture(20, 16);
  for (size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<uint8_t>(i * 7 % 251);
  const Tensor found = InceptionFeatures(file).features(picture.view());
  ASSERT_EQ(found.shape(), (Shape{1, 1, models::Inception::kFeatures}));
  at::Tensor pixels = at::empty({1, 3, 16, 20}, at::kFloat);
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t y = 0; y < 16; ++y)
      for (int64_t x = 0; x < 20; ++x)
        pixels[0][c][y][x] = picture.view().row(static_cast<int>(c), y)[x * 3] / 255.0f;
  EXPECT_LT(test::largest_difference(to_torch(found).view({1, -1}), network.features(pixels)),
            1e-4);
}

TEST(InceptionFeatures, RefusesOtherFiles) {
  EXPECT_THROW(InceptionFeatures(SVGEN_TEST_DATA "/tiny/dit_tiny.pt"), WeightsError);
  EXPECT_THROW(InceptionFeatures("/nowhere/inception.pth"), IoError);
}

}  // namespace
}  // namespace svgen::eval
