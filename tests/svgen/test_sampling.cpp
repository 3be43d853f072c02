// SPDX-License-Identifier: MIT
// Tests of the sampler's settings.
#include "svgen/sampling.h"

#include <cmath>
#include <limits>

#include "support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using testing::report_of;

TEST(Sampling, SolverNamesAreReadBack) {
  for (const Solver solver : {Solver::kEuler, Solver::kHeun}) {
    EXPECT_EQ(parse_solver(solver_name(solver)), solver);
  }
}

TEST(Sampling, GuidanceNamesAreReadBack) {
  for (const Guidance guidance : {Guidance::kConstant, Guidance::kLate, Guidance::kEarly,
                                  Guidance::kLinear, Guidance::kCfgStar, Guidance::kInterval}) {
    EXPECT_EQ(parse_guidance(guidance_name(guidance)), guidance);
  }
}

TEST(Sampling, NicksAreThePublishedOnes) {
  EXPECT_STREQ(solver_name(Solver::kHeun), "heun");
  EXPECT_STREQ(guidance_name(Guidance::kCfgStar), "cfg-star");
}

TEST(Sampling, UnknownSolverListsTheKnownOnes) {
  const std::string report = report_of<ConfigurationError>([] { parse_solver("rk4"); });
  EXPECT_THAT(report, HasSubstr("euler, heun"));
  EXPECT_THAT(report, HasSubstr("rk4"));
}

TEST(Sampling, UnknownGuidanceListsTheKnownOnes) {
  const std::string report = report_of<ConfigurationError>([] { parse_guidance("cfg_star"); });
  EXPECT_THAT(report, HasSubstr("constant, late, early, linear, cfg-star, interval"));
  EXPECT_THAT(report, HasSubstr("cfg_star"));
}

TEST(Sampling, NamesAreExact) {
  for (const char* name : {"", "Euler", "euler ", "eule"}) {
    EXPECT_THROW(parse_solver(name), ConfigurationError) << name;
  }
}

TEST(Sampling, TheDefaultsAreValid) {
  EXPECT_NO_THROW(validate(SamplingOptions{}));
}

TEST(Sampling, TheEndsOfTheRangesAreValid) {
  SamplingOptions options;
  options.steps = 1;
  options.shift = -1;
  options.guidance_start = 1;
  options.guidance_end = 0;
  EXPECT_NO_THROW(validate(options));
  options.steps = 10000;
  options.guidance_skip = 10000;
  EXPECT_NO_THROW(validate(options));
}

struct BadSetting {
  const char* key;
  void (*spoil)(SamplingOptions&);
};

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr BadSetting kBadSettings[] = {
    {"steps", [](SamplingOptions& o) { o.steps = 0; }},
    {"steps", [](SamplingOptions& o) { o.steps = -1; }},
    {"steps", [](SamplingOptions& o) { o.steps = 10001; }},
    {"steps", [](SamplingOptions& o) { o.steps = std::numeric_limits<int64_t>::max(); }},
    {"shift", [](SamplingOptions& o) { o.shift = kNaN; }},
    {"shift", [](SamplingOptions& o) { o.shift = kInfinity; }},
    {"guidance-scale", [](SamplingOptions& o) { o.guidance_scale = kNaN; }},
    {"guidance-scale", [](SamplingOptions& o) { o.guidance_scale = -kInfinity; }},
    {"guidance-start", [](SamplingOptions& o) { o.guidance_start = -0.01; }},
    {"guidance-start", [](SamplingOptions& o) { o.guidance_start = 1.01; }},
    {"guidance-end", [](SamplingOptions& o) { o.guidance_end = 1.01; }},
    {"guidance-end", [](SamplingOptions& o) { o.guidance_end = kNaN; }},
    {"guidance-start",
     [](SamplingOptions& o) {
       o.guidance = Guidance::kInterval;
       o.guidance_start = o.guidance_end = 0.5;
     }},
    {"guidance-skip", [](SamplingOptions& o) { o.guidance_skip = -1; }},
    {"guidance-reverse", [](SamplingOptions& o) { o.guidance_reverse = kNaN; }},
};

class BadSamplingSetting : public ::testing::TestWithParam<BadSetting> {};

TEST_P(BadSamplingSetting, IsAConfigurationErrorThatNamesIt) {
  SamplingOptions options;
  GetParam().spoil(options);
  try {
    validate(options);
    FAIL() << "accepted";
  } catch (const ConfigurationError& error) {
    EXPECT_EQ(error.where(), GetParam().key);
    EXPECT_THAT(error.what(), HasSubstr(GetParam().key));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, BadSamplingSetting, ::testing::ValuesIn(kBadSettings));

}  // namespace
}  // namespace svgen
