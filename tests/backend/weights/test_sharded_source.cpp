// SPDX-License-Identifier: MIT
// Weights in several files.
#include "weights/sharded_source.h"

#include "support.h"
#include "weights/safetensors.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;
using namespace testing;

class Sharded : public ::testing::Test {
 protected:
  Sharded() {
    const auto whole = open_weights(tiny("dit_tiny.safetensors"));
    std::vector<std::pair<std::string, at::Tensor>> parts[2];
    std::string map;
    for (size_t i = 0; i < whole->tensors().size(); ++i) {
      const std::string& name = whole->tensors()[i].name;
      parts[i % 2].emplace_back("module." + name, whole->read(name));
      map += (map.empty() ? "" : ",") + ("\"module." + name + "\":\"" + shard(i % 2)) + "\"";
    }
    for (size_t i = 0; i < 2; ++i) write_safetensors(folder_.path() / shard(i), parts[i]);
    map_ = map;
  }
  static std::string shard(size_t i) {
    return "m-0000" + std::to_string(i + 1) + "-of-00002.safetensors";
  }
  std::filesystem::path index(const std::string& map) {
    return folder_.write("m.safetensors.index.json",
                         R"({"metadata":{"total_size":1},"weight_map":{)" + map + "}}");
  }
  std::string refusal(const std::string& map) {
    const auto file = index(map);
    const std::string report = report_of<IoError>([&] { open_weights(file); });
    EXPECT_THAT(report, HasSubstr("m.safetensors.index.json"));
    return report;
  }

  ScratchFolder folder_;
  std::string map_;
};

TEST_F(Sharded, HoldTheTensorsOfTheWholeFile) {
  expect_same(*open_weights(index(map_)), *open_weights(tiny("dit_tiny.safetensors")));
}

TEST_F(Sharded, MayBeFilesOfTorch) {
  const std::string value =
      pickle::dict({{"a", pickle::tensor(pickle::storage("FloatStorage", "0", 2), 0, {2}, {1})}});
  folder_.write("p-00001-of-00001.bin", torch_zip(value, {{"0", floats({1, 2})}}));
  const auto file = folder_.write("pytorch_model.bin.index.json",
                                  R"({"weight_map":{"a":"p-00001-of-00001.bin"}})");
  EXPECT_EQ(names(*open_weights(file)), std::set<std::string>{"a"});
}

TEST_F(Sharded, NameTheShardThatIsMissing) {
  std::filesystem::remove(folder_.path() / shard(1));
  EXPECT_THAT(refusal(map_), HasSubstr("expected " + shard(1) + "; found no such files"));
}

TEST_F(Sharded, NameTheTensorsThatAShardLacks) {
  EXPECT_THAT(refusal(map_ + ",\"extra\":\"" + shard(0) + "\""),
              HasSubstr("none of these: extra (" + shard(0) + ")"));
}

TEST_F(Sharded, NameTheTensorThatTwoShardsHold) {
  std::filesystem::copy_file(folder_.path() / shard(0), folder_.path() / "copy.safetensors");
  EXPECT_THAT(refusal(map_ + ",\"extra\":\"copy.safetensors\""), HasSubstr("in one shard"));
}

TEST_F(Sharded, AreFilesBesideTheIndexAndNoOthers) {
  folder_.write("below/x.safetensors", "");
  for (const char* file : {"../x", "/etc/passwd", "below/x.safetensors", "..", ".", "", "a\\\\b"})
    EXPECT_THAT(refusal(std::string("\"a\":\"") + file + "\""),
                HasSubstr("a file beside the index"))
        << file;
  for (const char* file : {"1", "null", "[]", "{}"})
    EXPECT_THAT(refusal(std::string("\"a\":") + file), HasSubstr("a file beside the index"));
}

TEST_F(Sharded, AnIndexPromisesEachTensorOnce) {
  EXPECT_THAT(refusal("\"a\":\"x\",\"a\":\"y\""), HasSubstr("two of a"));
}

TEST_F(Sharded, AnIndexIsNoShard) {
  const auto file = index("\"a\":\"m.safetensors.index.json\"");
  EXPECT_THROW(open_weights(file), IoError);
}

TEST_F(Sharded, OtherJsonIsNamedForWhatItIs) {
  for (const char* text : {"{}", R"({"error":"gated"})", R"({"weight_map":{}})", "{", "{\"a\":"}) {
    const auto file = folder_.write("config.json", text);
    EXPECT_THAT(report_of<IoError>([&] { open_weights(file); }), HasSubstr("config.json")) << text;
  }
  const auto file = folder_.write("config.json", R"({"hidden_size": 64})");
  EXPECT_THAT(report_of<IoError>([&] { open_weights(file); }), HasSubstr("hidden_size"));
}

TEST(RefuseShard, TakesWholeFilesOnly) {
  for (const char* file : {"m-00001-of-00001.safetensors", "m.safetensors", "m-1-of-2.safetensors",
                           "00001-of-00002", "a/m-00001-of-00002/x.pt"})
    EXPECT_NO_THROW(refuse_shard(file)) << file;
  EXPECT_THROW(refuse_shard("a/pytorch_model-00002-of-00002.bin"), IoError);
}

}  // namespace
}  // namespace svgen::weights
