// SPDX-License-Identifier: MIT
// The Inception network against another implementation: plain PyTorch modules, written from the
// architecture, with the same values in float64.
#include "models/inception/inception.h"

#include <gtest/gtest.h>

#include "backend/models/inception_fill.h"
#include "backend/models/module_source.h"

namespace svgen::models {
namespace {

TEST(Inception, GivesTheFeaturesOfAnotherImplementation) {
  const Inception network = test::filled_inception();
  const at::Tensor features = network.features(test::wave({2, 3, 40, 56}, 0.3, 0.5, 0.5));
  ASSERT_EQ(features.sizes(), at::IntArrayRef({2, Inception::kFeatures}));
  constexpr double kTolerance = 1e-5;
  const double first[] = {0.065071, 0.567525, 0.346337, 0.0};
  const double last[] = {0.215508, 0.0, 0.0, 0.399473};
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(features[0][i].item<double>(), first[i], kTolerance);
    EXPECT_NEAR(features[1][Inception::kFeatures - 4 + i].item<double>(), last[i], kTolerance);
  }
  EXPECT_NEAR(features.to(at::kDouble).square().sum().sqrt().item<double>(), 52.3008134, 1e-4);
}

TEST(Inception, NamesAreThoseOfThePublishedFile) {
  const test::ModuleSource source{Inception()};
  EXPECT_EQ(source.tensors().size(), 94u * 6 + 2);
  for (const char* name : {"Conv2d_1a_3x3.conv.weight", "Mixed_5b.branch5x5_2.bn.running_var",
                           "Mixed_6e.branch7x7dbl_5.bn.num_batches_tracked",
                           "Mixed_7c.branch3x3dbl_3b.conv.weight", "fc.weight"})
    EXPECT_NE(source.find(name), nullptr) << name;
}

}  // namespace
}  // namespace svgen::models
