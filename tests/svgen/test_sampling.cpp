// SPDX-License-Identifier: MIT
// Tests of the sampler's settings.
#include "svgen/sampling.h"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "support.h"
#include "svgen/text.h"

namespace svgen {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::report_of;

template <typename Enum>
void expect_names_are_read_back() {
  for (const NamedValue<Enum>& row : named_values<Enum>()) {
    EXPECT_EQ(parse_name<Enum>(name_of(row.value)), row.value);
    EXPECT_STREQ(name_of(row.value), row.name);
    EXPECT_STRNE(row.words, "");
  }
}

TEST(Sampling, NamesAreReadBack) {
  expect_names_are_read_back<SolverKind>();
  expect_names_are_read_back<GuidanceSchedule>();
  expect_names_are_read_back<DiffusionForm>();
  expect_names_are_read_back<LastStep>();
  expect_names_are_read_back<TimestepSpacing>();
}

// What elements take for a value is its place in the table.
TEST(Sampling, NamesAreInTheOrderOfTheirValues) {
  for (size_t i = 0; i < named_values<SolverKind>().size(); ++i)
    EXPECT_EQ(named_values<SolverKind>()[i].value, static_cast<SolverKind>(i));
  for (size_t i = 0; i < named_values<GuidanceSchedule>().size(); ++i)
    EXPECT_EQ(named_values<GuidanceSchedule>()[i].value, static_cast<GuidanceSchedule>(i));
}

TEST(Sampling, NamesAreThePublishedOnes) {
  EXPECT_STREQ(name_of(SolverKind::kHeun), "heun");
  EXPECT_STREQ(name_of(GuidanceSchedule::kCfgStar), "cfg-star");
  EXPECT_STREQ(name_of(static_cast<SolverKind>(-1)), "?");
}

TEST(Sampling, UnknownSolverListsTheKnownOnes) {
  const std::string report = report_of<ConfigurationError>([] { parse_name<SolverKind>("rk5"); });
  EXPECT_THAT(report, HasSubstr("unknown solver: use one of euler, heun, midpoint, rk4"));
  EXPECT_THAT(report, HasSubstr("found rk5; in solver"));
}

TEST(Sampling, UnknownGuidanceListsTheKnownOnes) {
  const std::string report =
      report_of<ConfigurationError>([] { parse_name<GuidanceSchedule>("cfg_star"); });
  EXPECT_THAT(report, HasSubstr("constant, late, early, linear, cfg-star, interval"));
  EXPECT_THAT(report, HasSubstr("cfg_star"));
}

TEST(Sampling, NamesAreExact) {
  for (const char* name : {"", "Euler", "euler ", "eule"})
    EXPECT_THROW(parse_name<SolverKind>(name), ConfigurationError) << name;
}

// Another value than the usual one, and within the range.
void change(SamplingOptions& options, const SamplingSetting& setting) {
  const auto to_another = [&]<typename T>(T SamplingOptions::*member) {
    if constexpr (std::is_enum_v<T>) {
      options.*member = named_values<T>().back().value;
    } else {
      const auto low = static_cast<T>(setting.range.low), high = static_cast<T>(setting.range.high);
      options.*member = options.*member == high ? low : high;
    }
  };
  std::visit(to_another, setting.member);
}

TEST(Sampling, EverySettingIsAMemberOfItsOwn) {
  for (const SamplingSetting& changed : sampling_settings()) {
    SamplingOptions options;
    change(options, changed);
    for (const SamplingSetting& setting : sampling_settings())
      EXPECT_EQ(setting.text(options) != setting.text(SamplingOptions{}), &setting == &changed)
          << setting.key << " after a change of " << changed.key;
  }
}

TEST(Sampling, UsersWriteADashWhereCardsHaveAnUnderscore) {
  std::vector<std::string> names;
  for (const SamplingSetting& setting : sampling_settings()) names.push_back(setting.name());
  EXPECT_THAT(names, Contains("guidance-scale"));
  EXPECT_THAT(names, Each(Not(HasSubstr("_"))));
}

TEST(Sampling, SettingsHaveTextsAndChoices) {
  const auto settings = sampling_settings();
  const SamplingOptions usual;
  EXPECT_EQ(settings[0].text(usual), "25");
  EXPECT_EQ(settings[1].text(usual), "0.15");
  EXPECT_EQ(settings[2].text(usual), "euler");
  EXPECT_TRUE(settings[0].choices().empty());
  EXPECT_THAT(settings[2].choices(), ::testing::IsSupersetOf({"euler", "heun", "dopri5", "ddpm"}));
}

TEST(Sampling, TheDefaultsAreValid) {
  EXPECT_NO_THROW(validate(SamplingOptions{}));
}

TEST(Sampling, RangesEndWhereTheTableSays) {
  for (const SamplingSetting& setting : sampling_settings()) {
    const auto accepts = [&](double value) {
      SamplingOptions options;
      const auto set = [&]<typename T>(T SamplingOptions::*member) {
        options.*member = static_cast<T>(value);
      };
      std::visit(set, setting.member);
      try {
        validate(options);
        return true;
      } catch (const ConfigurationError&) {
        return false;
      }
    };
    if (!setting.choices().empty()) continue;
    EXPECT_TRUE(accepts(setting.range.low)) << setting.key;
    EXPECT_TRUE(accepts(setting.range.high)) << setting.key;
    EXPECT_FALSE(accepts(setting.range.low - 1)) << setting.key;
    EXPECT_FALSE(accepts(setting.range.high + 1)) << setting.key;
  }
}

TEST(Sampling, AnErrorSaysTheRange) {
  SamplingOptions options;
  options.steps = 20000;
  EXPECT_EQ(report_of<ConfigurationError>([&] { validate(options); }),
            "steps is out of range (expected 1.000000 to 10000.000000; found 20000.000000; in "
            "steps)");
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
    {"shift", [](SamplingOptions& o) { o.shift = -1.5; }},
    {"guidance-scale", [](SamplingOptions& o) { o.guidance_scale = kNaN; }},
    {"guidance-scale", [](SamplingOptions& o) { o.guidance_scale = -kInfinity; }},
    {"guidance-start", [](SamplingOptions& o) { o.guidance_start = -0.01; }},
    {"guidance-start", [](SamplingOptions& o) { o.guidance_start = 1.01; }},
    {"guidance-end", [](SamplingOptions& o) { o.guidance_end = 1.01; }},
    {"guidance-end", [](SamplingOptions& o) { o.guidance_end = kNaN; }},
    {"guidance-start",
     [](SamplingOptions& o) {
       o.guidance = GuidanceSchedule::kInterval;
       o.guidance_start = o.guidance_end = 0.5;
     }},
    {"guidance-skip", [](SamplingOptions& o) { o.guidance_skip = -1; }},
    {"guidance-reverse", [](SamplingOptions& o) { o.guidance_reverse = kNaN; }},
    {"guidance-channels", [](SamplingOptions& o) { o.guidance_channels = -1; }},
    {"cache-interval", [](SamplingOptions& o) { o.cache_interval = 0; }},
    {"cache-interval",
     [](SamplingOptions& o) {
       o.cache_interval = 2;
       o.solver = SolverKind::kHeun;
     }},
    {"atol", [](SamplingOptions& o) { o.atol = 0; }},
    {"eta", [](SamplingOptions& o) { o.eta = 1.5; }},
    {"diffusion-form", [](SamplingOptions& o) { o.diffusion_form = DiffusionForm::kSbdm; }},
    {"diffusion-form", [](SamplingOptions& o) { o.diffusion_form = DiffusionForm::kConstant; }},
    {"diffusion-form",
     [](SamplingOptions& o) { o.diffusion_form = DiffusionForm::kIncreasingDecreasing; }},
    {"guidance",
     [](SamplingOptions& o) {
       o.solver = SolverKind::kDopri5;
       o.guidance = GuidanceSchedule::kLate;
     }},
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

// A row of the table in docs/cards.md.
std::string documented(const SamplingSetting& setting) {
  const std::string usual = setting.text(SamplingOptions{});
  if (const std::vector<std::string> choices = setting.choices(); !choices.empty())
    return "| `" + std::string(setting.key) + "` | `" + joined(choices, "`, `") + "` | `" + usual +
           "` | " + setting.words + " |\n";
  const bool whole = std::holds_alternative<int64_t SamplingOptions::*>(setting.member);
  return "| `" + std::string(setting.key) + "` | " + (whole ? "integer" : "number") + " from " +
         number_text(setting.range.low) + " to " + number_text(setting.range.high) + " | " + usual +
         " | " + setting.words + " |\n";
}

TEST(Sampling, ThePageOfCardsHasTheTable) {
  const std::string page = testing::read_text(SVGEN_TEST_DATA "/../../docs/cards.md");
  const std::string rows = joined(sampling_settings(), "", documented);
  EXPECT_THAT(page, HasSubstr("| key | value | default | meaning |\n|---|---|---|---|\n" + rows));
}

}  // namespace
}  // namespace svgen
