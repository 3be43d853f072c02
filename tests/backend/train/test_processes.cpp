// SPDX-License-Identifier: MIT
// One process: every exchange is the identity.
#include "train/processes.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>

#include "svgen/error.h"
#include "svgen/support.h"

namespace svgen::train {
namespace {

TEST(Processes, AloneIsTheIdentity) {
  const auto alone = Processes::join(at::kCPU);
  EXPECT_TRUE(alone->alone());
  EXPECT_TRUE(alone->writes());
  at::Tensor x = at::arange(4, at::kFloat);
  const at::Tensor before = x.clone();
  alone->sum(x);
  alone->average(x);
  alone->broadcast(x);
  EXPECT_TRUE(at::equal(x, before));
  EXPECT_TRUE(at::equal(alone->gather(x), before));
  EXPECT_FALSE(alone->differentiable_sum());
}

}  // namespace
}  // namespace svgen::train
