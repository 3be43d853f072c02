// SPDX-License-Identifier: MIT
// Deflated bytes, sound and damaged.
#include "data/inflater.h"

#include "data/archives.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using namespace testing;

class InflaterTest : public ::testing::Test {
 protected:
  /// Reads the bytes in pieces.
  std::string unpacked(const std::string& packed, uint64_t size, uint64_t piece) {
    Inflater inflater(MappedFile::open(folder_.write("file.npz", packed)),
                      {.offset = 0, .size = size, .packed = packed.size(), .is_deflated = true},
                      "the array");
    std::string bytes(size, '\0');
    for (uint64_t at = 0; at < size; at += piece)
      inflater.read(bytes.data() + at, std::min(piece, size - at));
    at_end_ = inflater.is_at_end();
    return bytes;
  }

  ScratchFolder folder_;
  bool at_end_ = false;
};

TEST_F(InflaterTest, UnpacksInPieces) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * i) + " ";
  for (const uint64_t piece : {uint64_t{7}, uint64_t{4096}, uint64_t{1} << 20}) {
    EXPECT_EQ(unpacked(deflated(text), text.size(), piece), text);
    EXPECT_TRUE(at_end_);
  }
  unpacked(deflated(text), text.size() - 1, 4096);
  EXPECT_FALSE(at_end_);
}

TEST_F(InflaterTest, RefusesWhatEndsEarlyOrIsDamaged) {
  std::string text(1000, 'a');
  text += "bcd";
  const std::string packed = deflated(text);
  const auto refusal = [&](const std::string& bytes, uint64_t size) {
    return report_of<IoError>([&] { unpacked(bytes, size, size); });
  };
  EXPECT_THAT(refusal(packed, 1004), HasSubstr("the array"));
  EXPECT_THAT(refusal(packed.substr(0, packed.size() / 2), 1003), HasSubstr("damaged"));
  EXPECT_THAT(refusal("\xff\xff\xff\xff", 4), HasSubstr("damaged"));
}

}  // namespace
}  // namespace svgen
