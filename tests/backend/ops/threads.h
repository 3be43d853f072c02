// SPDX-License-Identifier: MIT
// Checks that a computation gives the same bits with any number of threads.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <functional>

namespace svgen::test {

inline void expect_same_with_any_threads(const std::function<at::Tensor()>& compute) {
  c10::InferenceMode inference;
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = compute();
  for (int threads : {2, 3}) {
    at::set_num_threads(threads);
    EXPECT_TRUE(compute().equal(alone)) << "with " << threads << " threads";
  }
  at::set_num_threads(before);
}

}  // namespace svgen::test
