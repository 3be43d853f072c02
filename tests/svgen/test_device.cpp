// SPDX-License-Identifier: MIT
// Tests of device names.
#include "svgen/device.h"

#include "support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;

TEST(Device, IsTheCpuByDefault) {
  EXPECT_TRUE(Device{}.is_cpu());
  EXPECT_EQ(Device{}.name(), "cpu");
}

TEST(Device, CudaWithoutNumberIsTheFirst) {
  EXPECT_EQ(Device::parse("cuda"), (Device{Device::Type::kCuda, 0}));
}

TEST(Device, NamesAreReadBack) {
  for (const char* name : {"cpu", "cuda:0", "cuda:7", "cuda:12"})
    EXPECT_EQ(Device::parse(name).name(), name);
}

class BadDevice : public ::testing::TestWithParam<const char*> {};

TEST_P(BadDevice, IsAConfigurationErrorThatQuotesIt) {
  const std::string report =
      testing::report_of<ConfigurationError>([] { Device::parse(GetParam()); });
  EXPECT_THAT(report, HasSubstr(GetParam()));
  EXPECT_THAT(report, HasSubstr("auto, cpu, cuda or cuda:N"));
}

INSTANTIATE_TEST_SUITE_P(Table, BadDevice,
                         ::testing::Values("", "auto", "CPU", "cpu:0", "gpu", "cuda:", "cuda:-1",
                                           "cuda:+1", "cuda:1x", "cuda: 1", "cuda1",
                                           "cuda:99999999999999999999"));

}  // namespace
}  // namespace svgen
