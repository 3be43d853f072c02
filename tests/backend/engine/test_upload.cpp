// SPDX-License-Identifier: MIT
// Pictures that are converted on the device equal those converted on the host, bit by bit.
#include "engine/upload.h"

#include <ATen/ops/equal.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <vector>

#include "backend/ops/device_there.h"

namespace svgen {
namespace {

constexpr int64_t kHeight = 6, kWidth = 10, kRow = 4 * kWidth + 8;

// One picture packed as BGRx with padding behind its rows, one in three planes.
struct Pictures {
  Pictures() : bytes(kRow * kHeight * 4) {
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 89 % 256);
  }

  std::vector<ImageView> views() const {
    const uint8_t* data = bytes.data();
    const int64_t plane = kRow * kHeight;
    return {{kWidth, kHeight, {data + 2, data + 1, data}, kRow, 4},
            {kWidth, kHeight, {data + plane, data + 2 * plane, data + 3 * plane}, kRow, 1}};
  }

  std::vector<uint8_t> bytes;
};

void expect_the_hosts(Device device) {
  runtime::Runtime runtime(device, DType::kFloat32);
  const Pictures pictures;
  const std::vector<ImageView> views = pictures.views();
  runtime.run([&] {
    const std::span<const ImageView> images(views);
    const at::Tensor found = engine::uploaded_pixels(images, models::kImageNetScale, runtime);
    EXPECT_EQ(found.device(), runtime.torch_device());
    EXPECT_TRUE(found.cpu().equal(engine::normalized_pixels(images)));
  });
}

TEST(Upload, KeepsAHostsPictures) {
  expect_the_hosts({});
}

TEST(Upload, ConvertsOnTheDevice) {
  if (const char* why = test::why_no_device()) GTEST_SKIP() << why;
  expect_the_hosts({Device::Type::kCuda, 0});
}

}  // namespace
}  // namespace svgen
