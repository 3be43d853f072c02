// SPDX-License-Identifier: MIT
// Another LibTorch than that of the build is an error.
#include "runtime/torch_version.h"

#include <gtest/gtest.h>

#include "svgen/support.h"

namespace svgen::runtime {
namespace {

using svgen::testing::report_of;

TEST(TorchVersion, AcceptsThisProcess) {
  EXPECT_NO_THROW(check_torch_version());
}

TEST(TorchVersion, AcceptsOneMinorVersionAndSettingsWithoutOne) {
  EXPECT_NO_THROW(check_torch_version("2.6.0", "a=1, TORCH_VERSION=2.6.1+cpu, b", "x"));
  EXPECT_NO_THROW(check_torch_version("2.6.0", "nothing", "x"));
}

TEST(TorchVersion, NamesBothVersionsAndTheFile) {
  for (const char* other : {"2.13.0", "2.60.0", "3.6.0", "2.5.1"}) {
    const std::string report = report_of<DeviceError>([&] {
      check_torch_version("2.6.0", std::string("TORCH_VERSION=") + other + ", b", "/x/libtorch.so");
    });
    EXPECT_NE(report.find("expected LibTorch 2.6;"), std::string::npos) << report;
    EXPECT_NE(report.find("from /x/libtorch.so"), std::string::npos) << report;
  }
}

}  // namespace
}  // namespace svgen::runtime
