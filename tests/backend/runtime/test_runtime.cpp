// SPDX-License-Identifier: MIT
// Work runs without gradients, in chunks of one image on a CPU, and is counted.
#include "runtime/runtime.h"

#include <ATen/ops/ones.h>
#include <c10/core/InferenceMode.h>
#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#include <oneapi/dnnl/dnnl.hpp>
#endif

#include <new>
#include <thread>

#include "backend/engine/support.h"

namespace svgen::runtime {
namespace {

TEST(Runtime, ComputesWithoutGradientsOnTheWorker) {
  Runtime runtime(Device{}, DType::kFloat32);
  bool inference = false;
  std::thread::id thread;
  runtime.run([&] {
    inference = c10::InferenceMode::is_enabled();
    thread = std::this_thread::get_id();
  });
  EXPECT_TRUE(inference);
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(Runtime, TurnsLibTorchsErrorsIntoOurs) {
  Runtime runtime(Device{}, DType::kFloat32);
  EXPECT_THROW(runtime.run([] { at::ones({2, 3}).mm(at::ones({2, 3})); }), DeviceError);
  EXPECT_THROW(runtime.run([] { throw ShapeError("x"); }), ShapeError);
  EXPECT_THROW(runtime.run([] { at::ones({int64_t{1} << 46}); }), MemoryError);
  EXPECT_THROW(runtime.run([] { throw std::bad_alloc(); }), MemoryError);
}

TEST(Runtime, TurnsOneDnnsErrorsIntoOurs) {
#if __has_include(<oneapi/dnnl/dnnl.hpp>)
  Runtime runtime(Device{}, DType::kFloat32);
  EXPECT_THROW(runtime.run([] { throw dnnl::error(dnnl_out_of_memory, "could not create"); }),
               MemoryError);
  EXPECT_THROW(runtime.run([] { throw dnnl::error(dnnl_unimplemented, "could not create"); }),
               DeviceError);
#else
  GTEST_SKIP() << "no headers of oneDNN here";
#endif
}

TEST(Runtime, ComputesImagesOneByOneAndReportsEach) {
  Runtime runtime(Device{}, DType::kFloat32);
  std::vector<int64_t> sizes, reported;
  const auto progress = [&](const Progress& done) {
    reported.push_back(done.image);
    return true;
  };
  EXPECT_TRUE(runtime.for_each_chunk(kDecoding, 3, progress,
                                     [&](int64_t, int64_t count) { sizes.push_back(count); }));
  EXPECT_EQ(sizes, (std::vector<int64_t>{1, 1, 1}));
  EXPECT_EQ(reported, (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(runtime.counters().images_decoded, 3u);
}

TEST(Runtime, StopsWhenProgressSaysNo) {
  Runtime runtime(Device{}, DType::kFloat32);
  int chunks = 0;
  const auto stop_at_second = [](const Progress& done) { return done.image < 1; };
  EXPECT_FALSE(
      runtime.for_each_chunk(kDecoding, 5, stop_at_second, [&](int64_t, int64_t) { ++chunks; }));
  EXPECT_EQ(chunks, 2);
}

TEST(Runtime, HasAHandleOfItsOwn) {
  EXPECT_NE(Runtime(Device{}, DType::kFloat32).counters().handle,
            Runtime(Device{}, DType::kFloat32).counters().handle);
}

}  // namespace
}  // namespace svgen::runtime
