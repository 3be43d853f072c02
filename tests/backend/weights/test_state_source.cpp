// SPDX-License-Identifier: MIT
// Opening a file by its content, and the wrappings around names.
#include "weights/state_source.h"

#include "support.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;
using namespace testing;

std::string file_with(const std::vector<std::string>& tensors) {
  std::string header = "{";
  for (size_t i = 0; i < tensors.size(); ++i)
    header += (i > 0 ? ",\"" : "\"") + tensors[i] + R"(":{"dtype":"U8","shape":[1],)" +
              R"("data_offsets":[)" + std::to_string(i) + "," + std::to_string(i + 1) + "]}";
  return safetensors(header + "}", std::string("abcdefgh").substr(0, tensors.size()));
}

TEST(OpenWeights, DropsWrappersWhereverTheyStand) {
  const ScratchFolder folder;
  const auto open = [&](const std::vector<std::string>& tensors) {
    return open_weights(folder.write("a", file_with(tensors)));
  };
  EXPECT_EQ(names(*open({"module.a", "module.b"})), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(names(*open({"_orig_mod.module.a"})), (std::set<std::string>{"a"}));
  EXPECT_EQ(names(*open({"module._orig_mod.module.a"})), (std::set<std::string>{"a"}));
  EXPECT_EQ(names(*open({"module.a", "n_averaged"})), (std::set<std::string>{"a", "n_averaged"}));
  EXPECT_EQ(
      names(*open({"net._orig_mod.blocks.0._checkpoint_wrapped_module.attn.qkv.weight",
                   "net.blocks.1._fsdp_wrapped_module._checkpoint_wrapped_module.x",
                   "module.net._fpw_module.y", "other"})),
      (std::set<std::string>{"net.blocks.0.attn.qkv.weight", "net.blocks.1.x", "net.y", "other"}));
  EXPECT_EQ(names(*open({"module", "my_module.x"})),
            (std::set<std::string>{"module", "my_module.x"}));
}

TEST(OpenWeights, ReadsByTheNameWithoutWrapper) {
  const ScratchFolder folder;
  const auto source = open_weights(folder.write("a", file_with({"module.x", "module.y"})));
  EXPECT_EQ(source->read("y").item<uint8_t>(), 'b');
  EXPECT_EQ(source->find("y")->name, "y");
}

TEST(OpenWeights, RefusesTwoNamesThatBecomeOne) {
  const ScratchFolder folder;
  const auto file = folder.write("a", file_with({"x.module.y", "x.y"}));
  const std::string report = report_of<WeightsError>([&] { open_weights(file); });
  EXPECT_THAT(report, HasSubstr("x.module.y and x.y"));
  EXPECT_THAT(report, HasSubstr("one tensor for x.y"));
}

TEST(OpenWeights, NamesTheFileInEveryRefusal) {
  const ScratchFolder folder;
  const auto refusal = [&](const std::string& bytes) {
    const auto file = folder.write("bad.pt", bytes);
    const std::string report = report_of<IoError>([&] { open_weights(file); });
    EXPECT_THAT(report, HasSubstr(file.string()));
    return report;
  };
  refusal("");
  refusal("x");
  refusal(std::string(100, '\0'));
  refusal("PK\3\4");
  refusal("\x80");
  EXPECT_THAT(refusal("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(refusal("<!DOCTYPE html>"), HasSubstr("web page"));
}

TEST(OpenWeights, RefusesAFolderAndAnAbsentFile) {
  const ScratchFolder folder;
  EXPECT_THROW(open_weights(folder.path()), IoError);
  EXPECT_THROW(open_weights(folder.path() / "absent"), IoError);
}

}  // namespace
}  // namespace svgen::weights
