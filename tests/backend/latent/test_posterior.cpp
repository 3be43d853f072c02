// SPDX-License-Identifier: MIT
// Gaussian latents: the halves of moments, and a sample.
#include "latent/posterior.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace svgen::latent {
namespace {

TEST(Posterior, KeepsVariancesInTheirRangeAndSamples) {
  const Posterior posterior = posterior_of(at::tensor({1.f, -2.f, 0.5f, 100.f}).view({1, 1, 4}));
  EXPECT_TRUE(at::equal(posterior.mean.flatten(), at::tensor({1.f, -2.f})));
  EXPECT_TRUE(at::equal(posterior.log_variance.flatten(), at::tensor({0.5f, 20.f})));
  const at::Tensor z = posterior.sample(at::tensor({2.f, 0.f}).view({1, 1, 2}));
  EXPECT_NEAR(z[0][0][0].item<double>(), 1 + 2 * std::exp(0.25), 1e-5);
  EXPECT_EQ(z[0][0][1].item<double>(), -2);
}

}  // namespace
}  // namespace svgen::latent
