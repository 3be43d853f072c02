// SPDX-License-Identifier: MIT
// Devices and precisions: "auto" chooses as documented, and a refusal says why.
#include "runtime/devices.h"

#include <ATen/Context.h>

#include "runtime/processor.h"
#include "svgen/support.h"

namespace svgen::runtime {
namespace {

using svgen::testing::report_of;

constexpr Device kCpu{};
constexpr Device kCuda{Device::Type::kCuda, 0};

TEST(ResolveDevice, FindsTheCpu) {
  EXPECT_EQ(resolve_device("cpu"), kCpu);
}

TEST(ResolveDevice, NamesAMissingDeviceAndWhatThereIs) {
  const std::string report = report_of<DeviceError>([] { resolve_device("cuda:99"); });
  EXPECT_NE(report.find("cuda:99"), std::string::npos) << report;
  EXPECT_NE(report.find("cpu"), std::string::npos) << report;
}

TEST(ResolveDevice, RefusesUnknownNames) {
  EXPECT_THROW(resolve_device("tpu"), ConfigurationError);
}

TEST(ResolveDevice, AutoIsACudaDeviceOnlyWhereThereIsOne) {
  EXPECT_EQ(resolve_device("auto").is_cpu(), at::getNumGPUs() == 0);
}

TEST(LocalDevice, FollowsTheLauncher) {
  EXPECT_EQ(local_device(nullptr, 4), 0);
  EXPECT_EQ(local_device("3", 4), 3);
  EXPECT_EQ(local_device("5", 4), 1) << "more processes than devices";
  for (const char* text : {"", "x", "1x", "-1", "99999999999"}) EXPECT_EQ(local_device(text, 4), 0);
  EXPECT_EQ(local_device("3", 0), 0);
}

TEST(ResolveDType, AutoIsFloat32UnlessACardAcceptsLess) {
  EXPECT_EQ(resolve_dtype("auto", kCpu), DType::kFloat32);
  EXPECT_EQ(resolve_dtype("auto", kCuda), DType::kFloat32);
}

TEST(ResolveDType, AutoTakesWhatTheCardAcceptsWhereItIsFaster) {
  const DType accepted[] = {DType::kFloat16, DType::kBFloat16};
  EXPECT_EQ(resolve_dtype("auto", kCuda, accepted), DType::kFloat16);
  EXPECT_EQ(resolve_dtype("auto", kCpu, accepted),
            runtime::has_pair_products() ? DType::kBFloat16 : DType::kFloat32);
  EXPECT_EQ(resolve_dtype("float32", kCpu, accepted), DType::kFloat32);
}

TEST(ResolveDType, HalfPrecisionIsForDevices) {
  EXPECT_EQ(resolve_dtype("bfloat16", kCpu), DType::kBFloat16);
  EXPECT_EQ(resolve_dtype("float16", kCuda), DType::kFloat16);
  const std::string report = report_of<ConfigurationError>([] { resolve_dtype("float16", kCpu); });
  EXPECT_NE(report.find("float32 or bfloat16"), std::string::npos) << report;
}

TEST(ResolveDType, RefusesWhatIsNoComputingDType) {
  EXPECT_THROW(resolve_dtype("int64", kCuda), ConfigurationError);
  EXPECT_THROW(resolve_dtype("float8", kCpu), ConfigurationError);
}

}  // namespace
}  // namespace svgen::runtime
