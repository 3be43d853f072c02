// SPDX-License-Identifier: MIT
// Filling modules, and one report of all that is wrong.
#include "weights/load.h"

#include <ATen/ops/ones.h>

#include <cmath>

#include "open_part.h"
#include "support.h"
#include "weights/safetensors.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace testing;

struct Pair {
  at::Tensor weight, bias, count, extra;
  void visit(const nn::StateScope& state) {
    state("weight", weight, {2, 3});
    state.child("inner", 1)("bias", bias, {2}, nn::SlotKind::kBuffer);
    state("count", count, {}, nn::SlotKind::kBuffer);
    state("extra", extra, {1}, nn::SlotKind::kOptional);
  }
};

class LoadModule : public ::testing::Test {
 protected:
  std::shared_ptr<StateSource> source(
      const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
    write_safetensors(folder_.path() / "file", tensors);
    return open_weights(folder_.path() / "file");
  }
  static std::vector<std::pair<std::string, at::Tensor>> sound() {
    return {{"weight", at::ones({2, 3}).to(at::kHalf)},
            {"inner.1.bias", at::ones({2}).to(at::kDouble)},
            {"count", at::ones({}, at::kLong)}};
  }
  ScratchFolder folder_;
  Pair pair_;
};

TEST_F(LoadModule, CastsFloatsKeepsIntegersAndCountsBytes) {
  EXPECT_EQ(load_module(pair_, *source(sound())), 6 * 4 + 2 * 4 + 8);
  EXPECT_EQ(pair_.weight.scalar_type(), at::kFloat);
  EXPECT_EQ(pair_.bias.scalar_type(), at::kFloat);
  EXPECT_EQ(pair_.count.scalar_type(), at::kLong);
  EXPECT_TRUE(at::equal(pair_.weight, at::ones({2, 3})));
}

TEST_F(LoadModule, LoadsInTheDtypeAskedFor) {
  EXPECT_EQ(load_module(pair_, *source(sound()), at::kBFloat16), 6 * 2 + 2 * 2 + 8);
  EXPECT_EQ(pair_.bias.scalar_type(), at::kBFloat16);
}

TEST_F(LoadModule, LeavesAnOptionalTensorUndefinedUnlessItIsThere) {
  load_module(pair_, *source(sound()));
  EXPECT_FALSE(pair_.extra.defined());
  auto more = sound();
  more.emplace_back("extra", at::ones({1}));
  load_module(pair_, *source(more));
  EXPECT_TRUE(pair_.extra.defined());
}

TEST_F(LoadModule, TakesACounterThatAFileMayLack) {
  auto more = sound();
  more.emplace_back("extra", at::ones({1}, at::kLong));
  load_module(pair_, *source(more));
  EXPECT_EQ(pair_.extra.scalar_type(), at::kLong);
}

TEST_F(LoadModule, ReportsEverythingWrongAtOnceAndLoadsNothing) {
  const auto bad = source({{"weight", at::ones({3, 2})},
                           {"count", at::ones({}, at::kBool)},
                           {"extra", at::ones({2})},
                           {"surprise", at::ones({1})}});
  const std::string report = report_of<WeightsError>([&] { load_module(pair_, *bad); });
  for (const char* part : {"1 missing", "missing: inner.1.bias", "1 unexpected",
                           "unexpected: surprise", "2 of another shape",
                           "weight is [3, 2] and must be [2, 3]", "extra is [2]", "count is bool"})
    EXPECT_THAT(report, HasSubstr(part));
  EXPECT_THAT(report, HasSubstr((folder_.path() / "file").string()));
  EXPECT_FALSE(pair_.weight.defined());
}

TEST_F(LoadModule, SaysWhatATensorOfAnotherFormIs) {
  const std::string sparse = pickle::call(pickle::global("torch._utils", "_rebuild_sparse_tensor"),
                                          {pickle::text("torch.sparse_coo")});
  const auto file = folder_.write(
      "sparse.pt", torch_zip(pickle::dict({{"weight", sparse}, {"more", sparse}}), {}));
  const std::string report =
      report_of<WeightsError>([&] { load_module(pair_, *open_weights(file)); });
  EXPECT_THAT(report, HasSubstr("of another form: weight is a sparse tensor (torch.sparse_coo)"));
  EXPECT_THAT(report, HasSubstr("missing: inner.1.bias, count"));
  EXPECT_THAT(report, Not(HasSubstr("unexpected")));
}

TEST_F(LoadModule, WantsFloatsWhereANetworkComputes) {
  auto wrong = sound();
  wrong[0].second = at::ones({2, 3}, at::kLong);
  const std::string report = report_of<WeightsError>([&] { load_module(pair_, *source(wrong)); });
  EXPECT_THAT(report, HasSubstr("of another kind of numbers: weight is int64"));
  EXPECT_THAT(report, HasSubstr("save these tensors anew, as plain floating-point ones"));
}

TEST_F(LoadModule, NamesWhatIsNotANumber) {
  auto damaged = sound();
  damaged[0].second[1][2] = std::nan("");
  damaged[1].second[0] = HUGE_VAL;
  const std::string report = report_of<WeightsError>([&] { load_module(pair_, *source(damaged)); });
  for (const char* part : {"2 infinite or not a number", "weight (", "inner.1.bias ("})
    EXPECT_THAT(report, HasSubstr(part));
}

TEST_F(LoadModule, NamesWhatIsTooLargeForTheDtype) {
  auto large = sound();
  large[1].second[0] = 1e6;
  load_module(pair_, *source(large));
  EXPECT_THAT(report_of<WeightsError>([&] { load_module(pair_, *source(large), at::kHalf); }),
              HasSubstr("inner.1.bias (float64 as float16)"));
}

TEST_F(LoadModule, CapsALongListAndSaysHowManyMore) {
  auto many = sound();
  for (int i = 10; i < 40; ++i) many.emplace_back("x" + std::to_string(i), at::ones({1}));
  const std::string report = report_of<WeightsError>([&] { load_module(pair_, *source(many)); });
  EXPECT_THAT(report, HasSubstr("30 unexpected"));
  EXPECT_THAT(report, HasSubstr("x17 and 22 more"));
  EXPECT_THAT(report, Not(HasSubstr("x18")));
}

TEST_F(LoadModule, AcceptsSurplusThatHasAReason) {
  struct Token {
    at::Tensor cls;
    void visit(const nn::StateScope& state) { state("cls_token", cls, {1}); }
  } token;
  write_safetensors(folder_.path() / "file",
                    {{"cls_token", at::ones({1})}, {"mask_token", at::ones({1})}});
  load_module(token, *open_part(folder_.path() / "file", ModelPart::kEncoder));
  EXPECT_TRUE(token.cls.defined());
}

}  // namespace
}  // namespace svgen::weights
