// SPDX-License-Identifier: MIT
// Kept memory: it is used again, never more than the peak, and can be given back.
#include "runtime/host_memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace svgen::runtime {
namespace {

constexpr int64_t kFloats = 1 << 20;

class HostMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    keep_host_memory();
    release_host_memory();
  }
};

at::Tensor tensor(int64_t floats) {
  return at::empty({floats}, at::kFloat);
}

TEST_F(HostMemoryTest, GivesABlockToTheNextTensorOfItsSize) {
  at::Tensor first = tensor(kFloats);
  const void* memory = first.const_data_ptr();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0);
  const size_t before = host_memory_use().live;
  first.reset();
  EXPECT_EQ(before - host_memory_use().live, host_memory_use().kept);
  EXPECT_EQ(tensor(kFloats - 5).const_data_ptr(), memory);
  EXPECT_NE(tensor(2 * kFloats).const_data_ptr(), memory);
}

TEST_F(HostMemoryTest, HoldsLittleMoreThanWasInUseAtOnce) {
  const size_t start = host_memory_use().live;
  for (int64_t size = 1; size < 40; ++size) {
    const at::Tensor one = tensor(size * kFloats / 8), two = tensor(size * kFloats / 5);
    const HostMemoryUse use = host_memory_use();
    EXPECT_LE(use.live + use.kept, use.peak + use.peak / 4);
  }
  EXPECT_EQ(host_memory_use().live, start);
  release_host_memory();
  EXPECT_EQ(host_memory_use().kept, 0);
  EXPECT_EQ(host_memory_use().peak, start);
}

TEST_F(HostMemoryTest, ServesSmallAndEmptyTensorsAndResizing) {
  const HostMemoryUse before = host_memory_use();
  EXPECT_EQ(tensor(0).numel(), 0);
  EXPECT_EQ(at::ones({3}).sum().item<float>(), 3);
  EXPECT_EQ(host_memory_use().live, before.live);
  at::Tensor x = at::ones({4});
  x.resize_({kFloats});
  EXPECT_EQ(x[3].item<float>(), 1);
}

TEST_F(HostMemoryTest, SaysWhenThereIsNoMemory) {
  const HostMemoryUse before = host_memory_use();
  EXPECT_THROW(tensor(int64_t{1} << 59), c10::OutOfMemoryError);
  EXPECT_EQ(host_memory_use().live, before.live);
}

TEST_F(HostMemoryTest, IsSharedByThreads) {
  const size_t start = host_memory_use().live;
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int64_t i = 0; i < 200; ++i) {
        at::Tensor x = tensor((1 + (i + t) % 3) * kFloats / 16);
        x.mutable_data_ptr<float>()[0] = static_cast<float>(t);
        ASSERT_EQ(x.const_data_ptr<float>()[0], static_cast<float>(t));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(host_memory_use().live, start);
}

}  // namespace
}  // namespace svgen::runtime
