// SPDX-License-Identifier: MIT
// Tests of the origin of stored latents, between svglatentsrc and those that take them.
#include <fstream>
#include <iterator>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

// Stores latents of the embedded model; the description's text may be changed.
class StoredOrigin : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        Pipeline("svgscenesrc num-images=2 ! svgencode ! svgalign ! svglatentsink location=" + raw_)
            .run());
  }
  std::string description() const {
    std::ifstream file(json_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void replace(const std::string& text, const std::string& by) const {
    std::string all = description();
    const size_t at = all.find(text);
    ASSERT_NE(at, std::string::npos);
    std::ofstream(json_) << all.replace(at, text.size(), by);
  }

  ScratchFolder folder_;
  std::string raw_ = (folder_.path() / "l.raw").string(),
              json_ = (folder_.path() / "l.json").string();
  std::string decoding_ = "svglatentsrc location=" + raw_ + " ! svgdecode ! fakesink";
};

TEST_F(StoredOrigin, IsThatOfTheModel) {
  EXPECT_THAT(description(), HasSubstr("\"name\": \"mini\""));
  EXPECT_TRUE(Pipeline(decoding_).run());
  // Stored once more they are still the same model's.
  const std::string again = (folder_.path() / "again.raw").string();
  ASSERT_TRUE(
      Pipeline("svglatentsrc location=" + raw_ + " ! svglatentsink location=" + again).run());
  EXPECT_TRUE(Pipeline("svglatentsrc location=" + again + " ! svgdecode ! fakesink").run());
}

TEST_F(StoredOrigin, OfAnotherModelIsRefusedByName) {
  replace("\"name\": \"mini\"", "\"name\": \"older\"");
  const std::string checksum = "\"checksum\": \"";
  replace(checksum, checksum + "00");
  Pipeline decoding(decoding_);
  EXPECT_FALSE(decoding.run());
  EXPECT_THAT(decoding.only_error(), HasSubstr("latents of older (00"));
  for (const char* taker : {"svgedit ! fakesink", "svgtraindiffusion batch-size=2"}) {
    Pipeline line("svglatentsrc location=" + raw_ + " ! " + taker);
    EXPECT_FALSE(line.run()) << taker;
  }
}

TEST_F(StoredOrigin, MayBeUnknown) {
  const std::string all = description();
  const size_t begin = all.find("\"model\": {"), end = all.find("},", begin) + 2;
  std::ofstream(json_) << all.substr(0, begin) + all.substr(end);
  EXPECT_TRUE(Pipeline(decoding_).run());
}

TEST_F(StoredOrigin, NobodyKnowsOfARawFileAndAWarningSaysSo) {
  Pipeline pipeline(
      "filesrc location=" + raw_ +
      " blocksize=38912 ! other/tensors,format=static,num_tensors=1,dimensions=152:64:1,"
      "types=float32,framerate=0/1 ! svgdecode ! fakesink");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const MessagePtr warning = pipeline.wait_for(GST_MESSAGE_WARNING);
  ASSERT_TRUE(warning);
  EXPECT_THAT(GST_MESSAGE_SRC_NAME(warning.get()), ::testing::StartsWith("svgdecode"));
}

}  // namespace
}  // namespace svgen::gst::testing
