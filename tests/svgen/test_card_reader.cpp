// SPDX-License-Identifier: MIT
// Tests of reading a model card.
#include <chrono>
#include <sstream>

#include "support.h"
#include "svgen/card.h"

namespace svgen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::report_of;
using testing::ScratchFolder;

constexpr const char* kPath = "/models/some/card.json";

// A card with what every card needs, and `keys` beside it.
std::string card_with(const std::string& keys) {
  return R"({"patch": 8, "grid": [4, 6])" + (keys.empty() ? "" : ", " + keys) + "}";
}

std::string problems_of(const std::string& json) {
  return report_of<ConfigurationError>([&] { Card::parse(json, kPath); });
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(CardReader, ReadsTheDtypesThatPassedTheGate) {
  const Card card = Card::parse(card_with(R"("reduced_precision": ["bfloat16"])"), kPath);
  EXPECT_THAT(card.reduced_precision, ElementsAre(DType::kBFloat16));
  EXPECT_THAT(problems_of(card_with(R"("reduced_precision": ["int4"])")),
              HasSubstr("bfloat16 or float16"));
}

TEST(CardReader, ReadsTheHeadOfTheEmbeddedCard) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  EXPECT_EQ(card.path, SVGEN_MODELS "/mini/card.json");
  EXPECT_EQ(card.name, "mini");
  EXPECT_THAT(card.description, HasSubstr("64x64"));
  EXPECT_FALSE(card.license.empty());
  EXPECT_FALSE(card.source.empty());
  EXPECT_EQ(card.patch, 8);
  EXPECT_EQ(card.grid, (Grid{8, 8}));
  EXPECT_EQ(card.grid.cells(), 64);
}

TEST(CardReader, ReadsTheEncoderOfTheEmbeddedCard) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  ASSERT_TRUE(card.encoder);
  EXPECT_EQ(card.encoder->source.file, "autoencoder.safetensors");
  EXPECT_EQ(card.encoder->source.sha256.size(), 64u);
  EXPECT_EQ(card.encoder->prefix, "encoder.");
  EXPECT_EQ(card.encoder->preset, "");
  EXPECT_EQ(card.encoder->width, 128);
  EXPECT_EQ(card.encoder->depth, 6);
  EXPECT_EQ(card.encoder->heads, 4);
  EXPECT_EQ(card.encoder->ffn, 344);
  EXPECT_EQ(card.encoder->registers, 4);
  EXPECT_EQ(card.encoder->rope_base, 100);
}

TEST(CardReader, ReadsTheResidualOfTheEmbeddedCard) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  ASSERT_TRUE(card.residual);
  EXPECT_EQ(card.residual->prefix, "extra_vit.");
  EXPECT_EQ(card.residual->source.sha256, card.encoder->source.sha256);
  EXPECT_EQ(card.residual->width, 128);
  EXPECT_EQ(card.residual->depth, 3);
  EXPECT_EQ(card.residual->heads, 4);
  EXPECT_EQ(card.residual->mlp, 512);
  EXPECT_EQ(card.residual->outputs, 24);
}

TEST(CardReader, ReadsTheDecoderOfTheEmbeddedCard) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  ASSERT_TRUE(card.decoder);
  EXPECT_EQ(card.decoder->prefix, "decoder.");
  EXPECT_EQ(card.decoder->channels, 32);
  EXPECT_THAT(card.decoder->multipliers, ElementsAre(1, 1, 2, 4));
  EXPECT_EQ(card.decoder->res_blocks, 1);
  EXPECT_THAT(card.decoder->attention_levels, ElementsAre(3));
  EXPECT_EQ(card.decoder->groups, 8);
}

TEST(CardReader, ReadsTheDiffusionOfTheEmbeddedCard) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  ASSERT_TRUE(card.diffusion);
  EXPECT_EQ(card.diffusion->source.file, "dit.safetensors");
  EXPECT_EQ(card.diffusion->width, 256);
  EXPECT_EQ(card.diffusion->depth, 6);
  EXPECT_EQ(card.diffusion->heads, 4);
  EXPECT_EQ(card.diffusion->mlp, 1024);
  EXPECT_EQ(card.diffusion->classes, 16);
  EXPECT_EQ(card.diffusion->learn_sigma, std::optional(false));
  EXPECT_EQ(card.diffusion->qk_norm, std::optional(true));
}

TEST(CardReader, ReadsTheRestOfTheEmbeddedCard) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  ASSERT_TRUE(card.statistics);
  EXPECT_EQ(card.statistics->file, "stats.safetensors");
  ASSERT_TRUE(card.alignment);
  EXPECT_DOUBLE_EQ(card.alignment->semantic_mean, -0.00038663529066447163);
  EXPECT_DOUBLE_EQ(card.alignment->semantic_std, 0.8938707412526611);
  EXPECT_DOUBLE_EQ(card.alignment->residual_mean, 4.436277591495054);
  EXPECT_DOUBLE_EQ(card.alignment->residual_std, 7.0111224123067855);
  SamplingOptions sampling;
  sampling.steps = 10;
  sampling.guidance_scale = 4;
  EXPECT_EQ(card.sampling, sampling);
  ASSERT_EQ(card.classes.size(), 16u);
  EXPECT_EQ(card.classes.front(), "ball");
  EXPECT_EQ(card.classes.back(), "car");
}

TEST(CardReader, AShortCardHasNoRolesAndTheDefaults) {
  const Card card = Card::parse(card_with(""), kPath);
  EXPECT_FALSE(card.encoder || card.residual || card.decoder || card.diffusion);
  EXPECT_FALSE(card.statistics || card.alignment);
  EXPECT_EQ(card.sampling, SamplingOptions{});
  EXPECT_TRUE(card.classes.empty());
}

TEST(CardReader, HowItWasTrainedIsForPeople) {
  const std::string card = card_with(R"("training": {"minutes": {"encoder": 31}})");
  EXPECT_NO_THROW(Card::parse(card, kPath));
}

TEST(CardReader, TheGridIsRowsThenColumns) {
  const Card card = Card::parse(card_with(""), kPath);
  EXPECT_EQ(card.grid.height, 4);
  EXPECT_EQ(card.grid.width, 6);
}

TEST(CardReader, ACardWithoutNameIsCalledAsItsFolder) {
  EXPECT_EQ(Card::parse(card_with(""), kPath).name, "some");
}

TEST(CardReader, ClassesMayHaveCommasBlanksAndOneNameTwice) {
  const Card card = Card::parse(
      card_with(R"("classes": ["tench, Tinca tinca", "crane", "crane", " a b ", "日本", "7"])"),
      kPath);
  EXPECT_THAT(card.classes,
              ElementsAre("tench, Tinca tinca", "crane", "crane", " a b ", "日本", "7"));
}

TEST(CardReader, SizesLeftOutStayOpen) {
  const Card card = Card::parse(
      card_with(
          R"("encoder": {"file": "e", "preset": "dinov3-vits16plus"}, "decoder": {"file": "d"})"),
      kPath);
  EXPECT_EQ(card.encoder->preset, "dinov3-vits16plus");
  EXPECT_EQ(card.encoder->width, 0);
  EXPECT_EQ(card.encoder->registers, -1);
  EXPECT_EQ(card.decoder->groups, 32);
}

TEST(CardReader, ZeroRegistersAreNotLeftOut) {
  EXPECT_EQ(Card::parse(card_with(R"("encoder": {"file": "e", "registers": 0})"), kPath)
                .encoder->registers,
            0);
}

TEST(CardReader, ReadsEverySamplingKey) {
  const Card card = Card::parse(
      card_with(R"("sampling": {"steps": 7, "shift": -1, "solver": "heun", "guidance": "cfg-star",
                   "guidance_scale": 4, "guidance_start": 0.25, "guidance_end": 0.75,
                   "guidance_skip": 2, "guidance_reverse": 0.5})"),
      kPath);
  EXPECT_EQ(card.sampling, (SamplingOptions{7, -1, SolverKind::kHeun, GuidanceSchedule::kCfgStar, 4,
                                            0.25, 0.75, 2, 0.5}));
}

struct BadCard {
  const char* title;
  std::string json;
  std::vector<std::string> parts;  // what the message must say
};

void PrintTo(const BadCard& bad, std::ostream* out) {
  *out << bad.title;
}

const std::string kRole = R"("file": "f")";

const BadCard kBadCards[] = {
    {"UnknownKey", card_with(R"("patches": 8)"), {"patches:", "unknown key", "patch"}},
    {"UnknownKeyInRole", card_with(R"("encoder": {)" + kRole + R"(, "dim": 8})"), {"encoder.dim:"}},
    {"UnknownKeyInSampling", card_with(R"("sampling": {"seed": 1})"), {"sampling.seed:"}},
    {"StringForInteger",
     card_with(R"("encoder": {)" + kRole + R"(, "width": "128"})"),
     {"encoder.width:", "an integer", "\"128\""}},
    {"NumberForString", card_with(R"("name": 7)"), {"name:", "a string", "7"}},
    {"NullForString", card_with(R"("source": null)"), {"source:", "a string", "null"}},
    {"FractionForInteger",
     card_with(R"("encoder": {)" + kRole + R"(, "depth": 2.5})"),
     {"encoder.depth:", "2.5"}},
    {"NumberForBoolean",
     card_with(R"("diffusion": {)" + kRole + R"(, "qk_norm": 1})"),
     {"diffusion.qk_norm:", "true or false"}},
    {"StringForNumber", card_with(R"("sampling": {"shift": "0.15"})"), {"sampling.shift:"}},
    {"ArrayForRole", card_with(R"("decoder": [])"), {"decoder:", "an object", "array"}},
    {"NullForRole", card_with(R"("encoder": null)"), {"encoder:", "an object", "null"}},
    {"TextForTraining", card_with(R"("training": "long")"), {"training:", "an object"}},
    {"NegativeSize",
     card_with(R"("residual": {)" + kRole + R"(, "mlp": -1536})"),
     {"residual.mlp:", "-1536"}},
    {"ZeroSize", card_with(R"("residual": {)" + kRole + R"(, "heads": 0})"), {"residual.heads:"}},
    {"NegativeRegisters",
     card_with(R"("encoder": {)" + kRole + R"(, "registers": -1})"),
     {"encoder.registers:", "-1"}},
    {"ZeroRopeBase",
     card_with(R"("encoder": {)" + kRole + R"(, "rope_base": 0})"),
     {"encoder.rope_base:", "above 0"}},
    {"NegativeRopeBase",
     card_with(R"("encoder": {)" + kRole + R"(, "rope_base": -100})"),
     {"encoder.rope_base:", "-100"}},
    {"TwoTo63",
     card_with(R"("encoder": {)" + kRole + R"(, "width": 9223372036854775808})"),
     {"encoder.width:", "9223372036854775808"}},
    {"TwoTo64",
     card_with(R"("encoder": {)" + kRole + R"(, "width": 18446744073709551616})"),
     {"encoder.width:", "1.8446744073709552e+19"}},
    {"MinusTwoTo63",
     card_with(R"("encoder": {)" + kRole + R"(, "width": -9223372036854775808})"),
     {"encoder.width:"}},
    {"JustTooLarge",
     card_with(R"("encoder": {)" + kRole + R"(, "width": 1048577})"),
     {"encoder.width:", "to 1048576"}},
    {"MissingFile",
     card_with(R"("diffusion": {"preset": "svg-xl"})"),
     {"diffusion.file:", "found nothing"}},
    {"EmptyFile", card_with(R"("statistics": {"file": ""})"), {"statistics.file:"}},
    {"FileIsANumber", card_with(R"("statistics": {"file": 1})"), {"statistics.file:", "a string"}},
    {"ShortSha",
     card_with(R"("decoder": {)" + kRole + R"(, "sha256": "abc"})"),
     {"decoder.sha256:", "64 lower-case hex digits"}},
    {"UpperCaseSha",
     card_with(R"("decoder": {)" + kRole + R"(, "sha256": ")" + std::string(64, 'A') + "\"}"),
     {"decoder.sha256:"}},
    {"NoHexSha",
     card_with(R"("decoder": {)" + kRole + R"(, "sha256": ")" + std::string(64, 'g') + "\"}"),
     {"decoder.sha256:"}},
    {"DuplicateKey", card_with(R"("name": "a", "name": "b")"), {"twice", "name"}},
    {"DuplicateKeyInRole",
     card_with(R"("encoder": {"file": "a", "file": "b"})"),
     {"twice", "file"}},
    {"NotJson", "patch: 8", {"not valid JSON", kPath}},
    {"Empty", "", {"not valid JSON"}},
    {"CutShort", R"({"patch": 8, "grid": [4)", {"not valid JSON"}},
    {"TrailingText", card_with("") + "x", {"not valid JSON"}},
    {"NumberBeyondDouble", card_with(R"("sampling": {"shift": 1e999})"), {"not valid JSON"}},
    {"BadUtf8", card_with("\"name\": \"\xff\""), {"not valid JSON"}},
    {"NoObject", "[1, 2]", {"the card:", "an object", "array"}},
    {"MissingPatch", R"({"grid": [4, 4]})", {"patch:", "found nothing"}},
    {"NegativePatch", R"({"patch": -8, "grid": [4, 4]})", {"patch:", "-8"}},
    {"MissingGrid", R"({"patch": 8})", {"grid:", "[rows, columns]"}},
    {"GridOfThree", R"({"patch": 8, "grid": [4, 4, 4]})", {"grid:", "[4,4,4]"}},
    {"GridOfOne", R"({"patch": 8, "grid": [4]})", {"grid:", "[4]"}},
    {"GridOfNone", R"({"patch": 8, "grid": []})", {"grid:", "[]"}},
    {"GridIsANumber", R"({"patch": 8, "grid": 16})", {"grid:", "an array", "16"}},
    {"GridWithZero", R"({"patch": 8, "grid": [4, 0]})", {"grid:", "found 0"}},
    {"TextInList",
     card_with(R"("decoder": {)" + kRole + R"(, "multipliers": [1, "2"]})"),
     {"decoder.multipliers:", "\"2\""}},
    {"NegativeLevel",
     card_with(R"("decoder": {)" + kRole + R"(, "attention_levels": [-1]})"),
     {"decoder.attention_levels:", "-1"}},
    {"ClassesMismatch",
     card_with(R"("diffusion": {)" + kRole + R"(, "classes": 3}, "classes": ["a", "b"])"),
     {"classes:", "3 names", "found 2"}},
    {"EmptyClassName", card_with(R"("classes": ["a", " "])"), {"classes:", "class 1"}},
    {"NullInAFile",
     card_with(R"("statistics": {"file": "a\u0000b"})"),
     {"statistics.file:", "a\\x00b"}},
    {"NumberAmongClasses", card_with(R"("classes": ["a", 2])"), {"classes:", "strings", "2"}},
    {"AlignmentIncomplete",
     card_with(R"("alignment": {"semantic_mean": 0, "semantic_std": 1})"),
     {"2 problems", "alignment.residual_mean:", "alignment.residual_std:"}},
    {"AlignmentStdZero",
     card_with(R"("alignment": {"semantic_mean": 0, "semantic_std": 0, "residual_mean": 0,
                  "residual_std": 1})"),
     {"1 problem:", "alignment.semantic_std:", "above 0"}},
    {"UnknownSolver",
     card_with(R"("sampling": {"solver": "rk5"})"),
     {"sampling.solver:", "euler, heun", "rk5"}},
    {"UnknownGuidance",
     card_with(R"("sampling": {"guidance": "cfg_star"})"),
     {"sampling.guidance:", "cfg-star", "cfg_star"}},
    {"EmptySolver", card_with(R"("sampling": {"solver": ""})"), {"sampling.solver:"}},
    {"ZeroSteps", card_with(R"("sampling": {"steps": 0})"), {"sampling.steps:", "found 0"}},
    {"TooManySteps", card_with(R"("sampling": {"steps": 20000})"), {"sampling.steps:", "20000"}},
    {"StartOutOfRange",
     card_with(R"("sampling": {"guidance_start": 2})"),
     {"sampling.guidance_start:", "2.0"}},
    {"ScaleOutOfRange",
     card_with(R"("sampling": {"guidance_scale": 1001})"),
     {"sampling.guidance_scale:", "1001.0", "-1000.000000 to 1000.000000"}},
};

class BadCards : public ::testing::TestWithParam<BadCard> {};

TEST_P(BadCards, AreAConfigurationErrorThatNamesTheKey) {
  const std::string report = problems_of(GetParam().json);
  for (const std::string& part : GetParam().parts) EXPECT_THAT(report, HasSubstr(part));
  EXPECT_THAT(report, HasSubstr(kPath));
}

INSTANTIATE_TEST_SUITE_P(Table, BadCards, ::testing::ValuesIn(kBadCards),
                         [](const auto& instance) { return instance.param.title; });

TEST(CardReader, OneMistakeIsOneProblem) {
  for (const char* json :
       {R"({"patch": -8, "grid": [4, 4]})", R"({"grid": [4, 4]})", R"({"patch": 8, "grid": 16})",
        R"({"patch": 8})", R"({"patch": 8, "grid": [4, 4], "statistics": {"file": 1}})",
        R"({"patch": 8, "grid": [4, 4], "sampling": {"steps": 0}})"})
    EXPECT_THAT(problems_of(json), HasSubstr("1 problem:")) << json;
}

TEST(CardReader, AllProblemsComeAtOnce) {
  const std::string report = problems_of(
      R"({"patch": "8", "grid": [4], "colour": 1, "encoder": {"file": "e", "width": -1},
          "decoder": {"sha256": "x"}, "sampling": {"solver": "rk5", "steps": 1.5}})");
  EXPECT_THAT(report, HasSubstr("8 problems"));
  for (const char* key : {"patch:", "grid:", "colour:", "encoder.width:", "decoder.file:",
                          "decoder.sha256:", "sampling.solver:", "sampling.steps:"})
    EXPECT_THAT(report, HasSubstr(key));
}

TEST(CardReader, DeepNestingEndsQuickly) {
  constexpr int kDepth = 100'000;
  const std::string open_lists(kDepth, '['), closed(kDepth, ']');
  const std::string bad[] = {
      open_lists,
      open_lists + closed,
      card_with("\"name\": " + open_lists + closed),
      card_with("\"colour\": " + open_lists + closed),
      repeated("{\"a\":", kDepth),
      repeated("{\"a\":", kDepth) + "1" + std::string(kDepth, '}'),
  };
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& json : bad) EXPECT_THROW(Card::parse(json, kPath), ConfigurationError);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(CardReader, HugeValuesGiveAShortMessage) {
  const std::string huge(1 << 20, 'x');
  for (const std::string& keys : {"\"" + huge + "\": 1", "\"patch\": \"" + huge + "\"",
                                  "\"statistics\": {\"file\": \"f\", \"sha256\": \"" + huge + "\"}",
                                  "\"classes\": [" + repeated("1, ", 100'000) + "1]"})
    EXPECT_LT(problems_of("{\"grid\": [4, 4], " + keys + "}").size(), 20'000u);
}

TEST(CardReader, LongTextIsCutBetweenCharacters) {
  const std::string report = problems_of("{\"x" + repeated("\u20ac", 100) + "\": 1}");
  EXPECT_THAT(report, HasSubstr("x" + repeated("\u20ac", 39) + "...:"));
}

TEST(CardLoad, AMissingFileIsAnIoErrorThatNamesIt) {
  EXPECT_THAT(report_of<IoError>([] { Card::load("/no/such/card.json"); }),
              HasSubstr("/no/such/card.json"));
}

TEST(CardLoad, ADirectoryIsAnIoErrorThatNamesIt) {
  const ScratchFolder folder;
  EXPECT_THAT(report_of<IoError>([&] { Card::load(folder.path()); }),
              HasSubstr(folder.path().string()));
}

TEST(CardLoad, AnEndlessFileIsRefused) {
  EXPECT_THAT(report_of<IoError>([] { Card::load("/dev/zero"); }), HasSubstr("16 MiB"));
}

TEST(CardLoad, ABadCardNamesItsFile) {
  const ScratchFolder folder;
  const auto file = folder.write("card.json", "{}");
  EXPECT_THAT(report_of<ConfigurationError>([&] { Card::load(file); }), HasSubstr(file.string()));
}

TEST(CardLoad, MakesTheCardsPathAbsolute) {
  const ScratchFolder folder;
  const auto file = folder.write("card.json", card_with(""));
  EXPECT_EQ(Card::load(std::filesystem::relative(file)).path, file);
}

}  // namespace
}  // namespace svgen
