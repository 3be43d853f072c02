// SPDX-License-Identifier: MIT
// Files that are not weights are named for what they are.
#include "weights/foreign_file.h"

#include "support.h"

namespace svgen::weights {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using namespace testing;

struct Case {
  std::string bytes;
  const char* words;
};

TEST(ForeignFile, IsNamedForWhatItIs) {
  const Case cases[] = {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"},
      {"\n <!DOCTYPE html><html>", "web page"},
      {"\xef\xbb\xbf<?xml version=\"1.0\"?><Error>AccessDenied", "web page"},
      {"GGUF\3\0\0\0{\0\0\0\0\0\0\0"s, "GGUF"},
      {"\x89HDF\r\n\x1a\n more", "HDF5"},
      {"\x93NUMPY\1\0 more"s, "NumPy"},
      {"\x08\x09\x12\x07pytorch", "ONNX"},
      {"\x81\xa6params\x82\xa4"
       "conv",
       "Flax"},
      {"\xde\0\x20\xa6params"s, "Flax"},
      {std::string(257, 'p').append("ustar"), "tar archive"},
      {"\x1f\x8b\x08 more", "gzip archive: unpack it"},
      {std::string(4096, '\0'), "zeros"},
      {"Entry not found", "a text that begins \"Entry not found\""},
      {"Invalid credentials\r\nin Authorization header", "\"Invalid credentials\""},
      {"\x7f"
       "ELF\2",
       "program"},
      {"\1\2\3\4 what is it", "something else"},
  };
  const ScratchFolder folder;
  for (const Case& row : cases) {
    EXPECT_THAT(foreign_file(row.bytes), HasSubstr(row.words));
    const auto file = folder.write("weights", row.bytes);
    EXPECT_THAT(report_of<IoError>([&] { open_weights(file); }), HasSubstr(row.words));
  }
}

TEST(ForeignFile, AnArchiveIsNamedByItsMembers) {
  const Case cases[] = {
      {zip({{"m/data.pkl", "x"}, {"m/constants.pkl", "x"}, {"m/code/a.py", ""}}), "TorchScript"},
      {zip({{"arr_0.npy", "x"}, {"config.json", "x"}}), "NumPy"},
      {zip({{"config.json", "x"}, {"model.weights.h5", "x"}}), "Keras"},
      {zip({{"out/model.safetensors", "x", 8}}), "unpack it and name the file in it (out/model"},
      {zip({{"readme", "x"}}), "1 other files, the first readme"},
  };
  const ScratchFolder folder;
  for (const Case& row : cases) {
    const auto file = folder.write("weights", row.bytes);
    EXPECT_THAT(report_of<IoError>([&] { open_weights(file); }), HasSubstr(row.words));
  }
}

TEST(ForeignFile, ALengthThatLooksLikeAMarkIsStillSafetensors) {
  const ScratchFolder folder;
  for (const size_t length : {size_t{0x8b1f}, size_t{0x7b}, size_t{0x3c}}) {  // gzip, JSON, XML
    std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    header.resize(length, ' ');
    EXPECT_EQ(names(*open_weights(folder.write("a", safetensors(header, "x")))),
              std::set<std::string>{"a"});
  }
}

}  // namespace
}  // namespace svgen::weights
