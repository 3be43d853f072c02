// SPDX-License-Identifier: MIT
// The safetensors container, both ways and with every kind of damage.
#include "weights/safetensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>

#include "support.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;
using namespace testing;

TEST(Safetensors, ListsTensorsInTheOrderOfTheHeader) {
  const auto source = open_weights(tiny("dit_tiny.safetensors"));
  ASSERT_EQ(source->tensors().size(), 40u);
  EXPECT_EQ(source->tensors()[0].name, "blocks.0.adaLN_modulation.1.bias");
  EXPECT_EQ(source->find("ln1.weight")->shape, (std::vector<int64_t>{64, 56}));
  EXPECT_EQ(source->find("ln1.weight")->dtype, at::kFloat);
  EXPECT_EQ(source->find("absent"), nullptr);
}

TEST(Safetensors, ReadsValues) {
  const ScratchFolder folder;
  const auto file =
      folder.write("a", safetensors(R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},)"
                                    R"("__metadata__":{"format":"pt"},)"
                                    R"("a":{"dtype":"I32","shape":[],"data_offsets":[0,4]}})",
                                    number(7, 4) + floats({1.5f, -2})));
  const auto source = open_weights(file);
  EXPECT_EQ(source->read("a").item<int>(), 7);
  EXPECT_EQ(source->read("b")[1].item<float>(), -2);
}

TEST(Safetensors, ATensorMayBeWrittenToWithoutChangingTheFile) {
  const ScratchFolder folder;
  const auto file = folder.path() / "a";
  write_safetensors(file, {{"a", at::ones({2})}});
  open_weights(file)->read("a").fill_(5);
  EXPECT_EQ(open_weights(file)->read("a")[0].item<float>(), 1);
}

std::vector<std::pair<std::string, at::Tensor>> samples() {
  return {{"float", at::rand({3, 5})},
          {"view", at::rand({4, 6}).t().slice(0, 1, 4)},
          {"bfloat16", at::rand({3}).to(at::kBFloat16)},
          {"half", at::rand({5}).to(at::kHalf)},
          {"double", at::rand({2}).to(at::kDouble)},
          {"long", at::arange(4)},
          {"byte", at::arange(3).to(at::kByte)},
          {"bool", at::ones({3}, at::kBool)},
          {"scalar", at::full({}, 2.5)},
          {"empty", at::empty({0, 4})}};
}

TEST(Safetensors, NamesNumbersThatAreNotRead) {
  const ScratchFolder folder;
  const auto source = open_weights(folder.write(
      "a", safetensors(R"({"four":{"dtype":"F4","shape":[4],"data_offsets":[0,2]},)"
                       R"("none":{"dtype":"F8_E4M3","shape":[0],"data_offsets":[2,2]},)"
                       R"("one":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                       "abc")));
  EXPECT_EQ(source->read("one").item<uint8_t>(), 'c');
  EXPECT_EQ(source->read("none").numel(), 0);
  EXPECT_THAT(report_of<WeightsError>([&] { source->read("four"); }), HasSubstr("(F4)"));
}

TEST(Safetensors, PrintsNamesThatAreNoPlainText) {
  const ScratchFolder folder;
  const auto source = open_weights(folder.write(
      "a", safetensors(R"({"\u001b[31m":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)"
                       R"("日本":{"dtype":"U8","shape":[],"data_offsets":[1,2]}})",
                       "ab")));
  EXPECT_EQ(names(*source), (std::set<std::string>{"\\x1b[31m", "日本"}));
  EXPECT_EQ(source->read("\\x1b[31m").item<uint8_t>(), 'a');
}

TEST(SafetensorsWriter, WritesWhatTheReaderReads) {
  const ScratchFolder folder;
  const auto tensors = samples();
  write_safetensors(folder.path() / "a", tensors);
  const auto source = open_weights(folder.path() / "a");
  EXPECT_EQ(source->tensors().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor found = source->read(name);
    EXPECT_EQ(found.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(found, tensor)) << name;
  }
}

TEST(SafetensorsWriter, BytesDependOnTheTensorsAloneAndAreAligned) {
  const ScratchFolder folder;
  auto tensors = samples();
  write_safetensors(folder.path() / "a", tensors);
  std::reverse(tensors.begin(), tensors.end());
  write_safetensors(folder.path() / "b", tensors);
  const std::string bytes = read_text(folder.path() / "a");
  EXPECT_EQ(bytes, read_text(folder.path() / "b"));
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]) % 8, 0);
  const auto source = open_weights(folder.path() / "a");
  for (const TensorInfo& info : source->tensors()) {
    const auto address = reinterpret_cast<uintptr_t>(source->read(info.name).const_data_ptr());
    EXPECT_EQ(address % c10::elementSize(info.dtype), 0u) << info.name;
  }
}

TEST(SafetensorsWriter, RewritesAPublishedFileByteForByte) {
  const ScratchFolder folder;
  const auto source = open_weights(tiny("autoencoder_tiny.safetensors"));
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const TensorInfo& info : source->tensors())
    tensors.emplace_back(info.name, source->read(info.name));
  write_safetensors(folder.path() / "a", tensors);
  expect_same(*open_weights(folder.path() / "a"), *source);
}

TEST(SafetensorsWriter, RefusesRepeatedNamesAndUndefinedTensors) {
  const ScratchFolder folder;
  const at::Tensor one = at::ones({1});
  EXPECT_THROW(write_safetensors(folder.path() / "a", {{"a", one}, {"a", one}}), WeightsError);
  EXPECT_THROW(write_safetensors(folder.path() / "a", {{"a", at::Tensor()}}), WeightsError);
  for (const char* name : {"caf\xe9", "a\nb"})
    EXPECT_THROW(write_safetensors(folder.path() / "a", {{name, one}}), WeightsError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SafetensorsWriter, NamesTheFileThatCannotBeWritten) {
  const ScratchFolder folder;
  const auto path = folder.path() / "absent" / "a.safetensors";
  EXPECT_THAT(report_of<IoError>([&] { write_safetensors(path, {}); }), HasSubstr(path.string()));
}

struct Damage {
  const char* name;
  std::string header, data, problem;
};

std::string entry(const std::string& body) {
  return "{\"t\":" + body + "}";
}

std::vector<Damage> damages() {
  const std::string four(4, 'x'), eight(8, 'x');
  const auto of = [](const char* dtype, const char* shape, const char* offsets) {
    return std::string("{\"dtype\":\"") + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}";
  };
  return {
      {"EndPastTheFile", entry(of("F32", "[2]", "[0,8]")), four, "data_offsets inside"},
      {"EndBeforeBegin", entry(of("F32", "[1]", "[4,0]")), four, "data_offsets inside"},
      {"HugeEnd", entry(of("F32", "[1]", "[0,18446744073709551615]")), four, "inside"},
      {"FewerBytesThanTheShape", entry(of("F32", "[2]", "[0,4]")), four, "8 bytes"},
      {"ShapeTooLargeForMemory", entry(of("F32", "[4294967296,4294967296,2]", "[0,4]")), four,
       "memory can hold"},
      {"ShapePastInt64", entry(of("F32", "[9223372036854775808]", "[0,4]")), four, "memory"},
      {"NegativeShape", entry(of("F32", "[-1]", "[0,4]")), four, "negative"},
      {"FractionInShape", entry(of("F32", "[1.0]", "[0,4]")), four, "fraction"},
      {"EmptyDtype", entry(of("", "[]", "[0,0]")), "", "a dtype of the format"},
      {"EndlessName", "{\"" + std::string(2000, 'n') + "\":" + of("F32", "[1]", "[0,4]") + "}",
       four, "a name of 2000 bytes: nnn"},
      {"UnknownDtype", entry(of("F33", "[1]", "[0,4]")), four, "F33"},
      {"OneOffset", entry(of("F32", "[1]", "[0]")), four, "two data_offsets"},
      {"NoShape", entry(R"({"dtype":"F32","data_offsets":[0,4]})"), four, "a shape"},
      {"NoDtype", entry(R"({"shape":[1],"data_offsets":[0,4]})"), four, "dtype"},
      {"TextForAnEntry", entry("\"x\""), four, "text"},
      {"ListForAnEntry", entry("[1]"), four, "list"},
      {"NullForAnEntry", entry("null"), four, "null"},
      {"ObjectInAnEntry", entry(R"({"shape":{}})"), four, "object"},
      {"ListInAList", entry(R"({"shape":[[1]]})"), four, "list"},
      {"RepeatedName",
       "{\"t\":" + of("F32", "[1]", "[0,4]") + ",\"t\":" + of("F32", "[1]", "[4,8]") + "}", eight,
       "twice"},
      {"Overlap",
       "{\"t\":" + of("F32", "[1]", "[0,4]") + ",\"u\":" + of("F32", "[1]", "[0,4]") + "}", four,
       "t at byte 4|u at byte 4"},
      {"Gap", entry(of("F32", "[1]", "[4,8]")), eight, "at byte 0"},
      {"BytesAfterTheLast", entry(of("F32", "[1]", "[0,4]")), eight, "longer"},
      {"NoJson", "{\"t\":", four, "no JSON"},
      {"NotUtf8", "{\"\xff\":" + of("F32", "[1]", "[0,4]") + "}", four, "no JSON"},
      {"DeepNesting", "{\"t\":" + std::string(100000, '['), four, "list"},
  };
}

class DamagedSafetensors : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedSafetensors, IsRefusedByNameWithTheReason) {
  const ScratchFolder folder;
  const auto file = folder.write("bad", safetensors(GetParam().header, GetParam().data));
  const std::string report = report_of<IoError>([&] { open_weights(file); });
  EXPECT_THAT(report, HasSubstr(file.string()));
  EXPECT_THAT(report, ::testing::ContainsRegex(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(Files, DamagedSafetensors, ::testing::ValuesIn(damages()),
                         [](const auto& file) { return file.param.name; });

TEST(Safetensors, RefusesAHeaderThatClaimsMoreThanTheFile) {
  const ScratchFolder folder;
  for (const uint64_t length : {uint64_t{1} << 60, UINT64_MAX, uint64_t{1} << 26, uint64_t{3}}) {
    const auto file = folder.write("bad", number(length, 8) + "{}");
    EXPECT_THAT(report_of<IoError>([&] { open_weights(file); }), HasSubstr(file.string()));
  }
}

TEST(Safetensors, RefusesEveryTruncation) {
  const ScratchFolder folder;
  const std::string bytes = read_text(tiny("dit_tiny.safetensors"));
  for (const size_t size : {1u, 8u, 9u, 100u, 3591u, 3592u, 3593u, 400000u})
    EXPECT_THROW(open_weights(folder.write("bad", bytes.substr(0, size))), IoError) << size;
  EXPECT_THROW(open_weights(folder.write("bad", bytes.substr(0, bytes.size() - 1))), IoError);
}

}  // namespace
}  // namespace svgen::weights
