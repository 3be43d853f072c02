// SPDX-License-Identifier: MIT
// Patterns with holes: matching, filling, and what they ask a file to hold.
#include "weights/key_map.h"

#include <gmock/gmock.h>

namespace svgen::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr KeyRule kRules[] = {
    {"token", nullptr},
    {"layer.{}.norm.*", "blocks.{}.ln.*"},
    {"layer.{}.q", "blocks.{}.qkv", KeyNeed::kRequired, KeyChange::kQueryThird},
    {"layer.{}.v", "blocks.{}.qkv", KeyNeed::kRequired, KeyChange::kValueThird},
    {"layer.{}.old", "blocks.{}.ln.bias", KeyNeed::kOptional},
    {"up.{}.attn.{}.*", nullptr, KeyNeed::kWithGroup, KeyChange::kNone, "up.{}.attn.{}."},
    {"loss.*", nullptr, KeyNeed::kSurplus, KeyChange::kNone, "training"},
};
constexpr KeyFamily kFamily = {"test", "model.", kRules};

std::string published(const std::string& name) {
  const auto match = match_key(kFamily, name);
  return match ? match->published : "none";
}

TEST(MatchKey, CarriesNumbersAndTheRestOver) {
  EXPECT_EQ(published("token"), "token");
  EXPECT_EQ(published("layer.11.norm.weight"), "blocks.11.ln.weight");
  EXPECT_EQ(published("layer.3.q"), "blocks.3.qkv");
  EXPECT_EQ(published("up.4.attn.2.k.weight"), "up.4.attn.2.k.weight");
  EXPECT_EQ(published("loss.a.b.c"), "loss.a.b.c");
}

TEST(MatchKey, DropsTheOptionalPrefix) {
  EXPECT_EQ(published("model.layer.0.norm.bias"), "blocks.0.ln.bias");
}

TEST(MatchKey, TakesOnlyWholeNamesAndPlainNumbers) {
  for (const char* name :
       {"", "toke", "tokens", "layer.x.norm.weight", "layer..q", "layer.-1.q", "layer.01.q",
        "layer.1", "layer.1.q.weight", "layer.1.norm.", "layer.99999999999999999999.q", "loss."})
    EXPECT_EQ(published(name), "none") << name;
}

TEST(CountKnown, CountsNamesWithARule) {
  EXPECT_EQ(count_known(kFamily, {"token", "layer.0.q", "foo", "loss.x"}), 3u);
}

TEST(Renumbered, CountsFromTheOtherEndOrBehindOthers) {
  const KeyFamily backwards = {"test", "", kRules, {"up.", "level.", Numbering::kBackwards}};
  EXPECT_THAT(renumbered(backwards, {"up.0.a", "up.2.b", "token", "up.x"}),
              ElementsAre("level.2.a", "level.0.b", "token", "up.x"));
  const KeyFamily behind = {"test", "model.", kRules, {"later.", "blocks.", Numbering::kBehind}};
  EXPECT_THAT(renumbered(behind, {"model.blocks.7.a", "later.0.a", "later.3.b"}),
              ElementsAre("blocks.7.a", "blocks.8.a", "blocks.11.b"));
  EXPECT_THAT(renumbered(kFamily, {"model.up.3.a"}), ElementsAre("up.3.a"));
}

TEST(MissingKeys, AsksForEveryLayerUpToTheLargest) {
  EXPECT_THAT(
      missing_keys(kFamily,
                   {"token", "layer.1.norm.weight", "layer.1.norm.bias", "layer.1.q", "layer.1.v"}),
      UnorderedElementsAre("layer.0.norm.weight", "layer.0.norm.bias", "layer.0.q", "layer.0.v"));
}

TEST(MissingKeys, AsksForTheFirstLayerWhenThereIsNone) {
  EXPECT_THAT(
      missing_keys(kFamily, {"token"}),
      UnorderedElementsAre("layer.0.norm.weight", "layer.0.norm.bias", "layer.0.q", "layer.0.v"));
}

TEST(MissingKeys, AcceptsAnotherSpellingOfTheSameTensor) {
  EXPECT_THAT(missing_keys(kFamily, {"token", "layer.0.norm.weight", "layer.0.old", "layer.0.q",
                                     "layer.0.v"}),
              IsEmpty());
}

TEST(MissingKeys, AsksForAGroupOnlyWhereItOccurs) {
  const std::vector<std::string> base = {"token", "layer.0.norm.weight", "layer.0.norm.bias",
                                         "layer.0.q", "layer.0.v"};
  EXPECT_THAT(missing_keys(kFamily, base), IsEmpty());
  auto with_group = base;
  with_group.insert(with_group.end(), {"up.4.attn.0.weight", "up.4.attn.0.bias",
                                       "up.4.attn.2.weight", "up.4.attn.2.bias"});
  EXPECT_THAT(missing_keys(kFamily, with_group),
              ElementsAre("up.4.attn.1.weight", "up.4.attn.1.bias"));
}

TEST(MissingKeys, StaysSmallForAbsurdNumbers) {
  EXPECT_LT(missing_keys(kFamily, {"layer.9999.q", "up.9999.attn.9999.x"}).size(), 50000u);
}

}  // namespace
}  // namespace svgen::weights
