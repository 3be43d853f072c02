// SPDX-License-Identifier: MIT
// Tests of svglatentsink.
#include <nlohmann/json.hpp>

#include "data/latent_store.h"
#include "data/parts.h"
#include "support.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::read_text;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kTwoImages =
    "other/tensors, format=(string)static, num_tensors=(int)1, dimensions=(string)3:4:2, "
    "types=(string)float32, framerate=(fraction)0/1";

class SvgLatentSink : public ::testing::Test {
 protected:
  void SetUp() override { register_batch_meta(); }

  std::string sink(const std::string& settings = "") const {
    return "svglatentsink location=" + raw_.string() + " " + settings;
  }

  // Makes a batch of two images, (2, 4, 3): 24 numbers from `first` on.
  static BufferPtr batch(float first, const std::vector<int64_t>& labels) {
    Tensor tensor = Tensor::empty(DType::kFloat32, {2, 4, 3});
    for (int i = 0; i < 24; ++i) tensor.data_as<float>()[i] = first + static_cast<float>(i);
    BufferPtr buffer(gst_buffer_new());
    gst_buffer_append_memory(buffer.get(), tensor_memory_new(tensor));
    std::vector<ImageFacts> facts;
    for (const int64_t label : labels) facts.push_back({.label = label});
    set_image_facts(buffer.get(), facts);
    return buffer;
  }

  void store(const std::string& settings, const char* caps, const std::vector<BufferPtr>& buffers) {
    const HarnessPtr h = harness(sink(settings));
    gst_harness_set_src_caps_str(h.get(), caps);
    for (const BufferPtr& buffer : buffers)
      EXPECT_EQ(gst_harness_push(h.get(), gst_buffer_ref(buffer.get())), GST_FLOW_OK);
    EXPECT_TRUE(gst_harness_push_event(h.get(), gst_event_new_eos()));
  }

  void store_two_batches(const std::string& settings = "") {
    std::vector<BufferPtr> buffers;
    buffers.push_back(batch(0, {7, 8}));
    buffers.push_back(batch(100, {9, -1}));
    store(settings, kTwoImages, buffers);
  }

  nlohmann::json description() const {
    return nlohmann::json::parse(read_text(folder_.path() / "l.json"));
  }

  template <typename T>
  T number(size_t offset) const {
    T value;
    std::memcpy(&value, read_text(raw_).data() + offset, sizeof(T));
    return value;
  }

  ScratchFolder folder_;
  fs::path raw_ = folder_.path() / "l.dat";
};

TEST_F(SvgLatentSink, StoresEachImageWithItsLabel) {
  store_two_batches();
  constexpr size_t kSample = 12 * 4 + 8;
  EXPECT_EQ(fs::file_size(raw_), 4 * kSample);
  EXPECT_EQ(number<float>(kSample), 12);       // second image
  EXPECT_EQ(number<int64_t>(kSample - 8), 7);  // the first image's label
  EXPECT_EQ(number<int64_t>(4 * kSample - 8), -1);
  EXPECT_EQ(number<float>(2 * kSample), 100);
}

TEST_F(SvgLatentSink, DescribesSamplesAsNNStreamerDoes) {
  store_two_batches();
  EXPECT_EQ(description().at("total_samples"), 4);
  EXPECT_EQ(description().at("sample_size"), 56);
  const CapsPtr caps(gst_caps_from_string(description().at("gst_caps").get<std::string>().c_str()));
  const TensorStream stream = TensorStream::parse(caps.get());
  EXPECT_EQ(stream.batch, 1);
  ASSERT_EQ(stream.entries.size(), 2u);
  EXPECT_EQ(stream.entries[0].channels, 3);
  EXPECT_TRUE(stream.entries[1].is_label);
}

TEST_F(SvgLatentSink, StoresLatentsAloneOnRequest) {
  store_two_batches("labels=false");
  EXPECT_EQ(fs::file_size(raw_), 4u * 48u);
  EXPECT_EQ(description().at("sample_size"), 48);
}

TEST_F(SvgLatentSink, TakesLabelsOfTheStream) {
  const std::string labelled =
      "other/tensors, format=(string)static, num_tensors=(int)2, dimensions=(string)\"3:4:2,1:2\", "
      "types=(string)\"float32,int64\", framerate=(fraction)0/1";
  std::vector<BufferPtr> buffers;
  buffers.push_back(batch(0, {0, 0}));
  Tensor labels = Tensor::empty(DType::kInt64, {2});
  labels.data_as<int64_t>()[0] = 41;
  labels.data_as<int64_t>()[1] = 42;
  gst_buffer_append_memory(buffers[0].get(), tensor_memory_new(labels));
  store("", labelled.c_str(), buffers);
  EXPECT_EQ(number<int64_t>(48), 41);
  EXPECT_EQ(number<int64_t>(56 + 48), 42);
}

TEST_F(SvgLatentSink, LeavesThePaddingOut) {
  std::vector<BufferPtr> buffers;
  buffers.push_back(batch(0, {1, 2}));
  GST_BUFFER_OFFSET(buffers[0].get()) = 4;
  GST_BUFFER_OFFSET_END(buffers[0].get()) = 5;
  store("", kTwoImages, buffers);
  EXPECT_EQ(description().at("total_samples"), 1);
}

TEST_F(SvgLatentSink, KeepsAnOlderPairUntilTheEndOfTheStream) {
  store_two_batches();
  const std::string before = read_text(raw_);
  {
    const HarnessPtr h = harness(sink());
    gst_harness_set_src_caps_str(h.get(), kTwoImages);
    gst_harness_push(h.get(), batch(50, {1, 1}).release());
  }  // stopped before the end of the stream
  EXPECT_EQ(read_text(raw_), before);
  EXPECT_EQ(description().at("total_samples"), 4);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 2);
}

TEST_F(SvgLatentSink, RefusesTheFileThatItIsMadeOf) {
  store_two_batches();
  const std::string before = read_text(raw_);
  const fs::path link = folder_.path() / "link.raw";
  fs::create_symlink(raw_, link);
  for (const fs::path& file : {raw_, link}) {
    const std::string read = "svglatentsrc location=" + file.string() +
                             " json=" + fs::path(raw_).replace_extension(".json").string();
    EXPECT_THAT(error_of(read + " ! queue ! " + sink()), HasSubstr("name another"));
  }
  EXPECT_EQ(read_text(raw_), before);
}

TEST_F(SvgLatentSink, WritesTheDescriptionWhereItIsTold) {
  store_two_batches("json=" + (folder_.path() / "other.json").string());
  EXPECT_TRUE(fs::exists(folder_.path() / "other.json"));
  EXPECT_FALSE(fs::exists(folder_.path() / "l.json"));
}

TEST_F(SvgLatentSink, RefusesAnotherShapeInOneFile) {
  const HarnessPtr h = harness(sink());
  gst_harness_set_src_caps_str(h.get(), kTwoImages);
  std::string other = kTwoImages;
  other.replace(other.find("3:4:2"), 5, "3:9:2");
  gst_harness_push_event(h.get(),
                         gst_event_new_caps(CapsPtr(gst_caps_from_string(other.c_str())).get()));
  EXPECT_NE(gst_harness_push(h.get(), batch(0, {1, 2}).release()), GST_FLOW_OK);
}

TEST_F(SvgLatentSink, TakesASmallerLastBatch) {
  const HarnessPtr h = harness(sink());
  gst_harness_set_src_caps_str(h.get(), kTwoImages);
  gst_harness_push(h.get(), batch(0, {1, 2}).release());
  std::string smaller = kTwoImages;
  smaller.replace(smaller.find("3:4:2"), 5, "3:4:1");
  gst_harness_set_src_caps_str(h.get(), smaller.c_str());
  BufferPtr last(gst_buffer_new());
  Tensor one = Tensor::empty(DType::kFloat32, {1, 4, 3});
  std::fill_n(one.data_as<float>(), 12, 5.0f);
  gst_buffer_append_memory(last.get(), tensor_memory_new(one));
  EXPECT_EQ(gst_harness_push(h.get(), last.release()), GST_FLOW_OK);
  gst_harness_push_event(h.get(), gst_event_new_eos());
  EXPECT_EQ(description().at("total_samples"), 3);
}

TEST_F(SvgLatentSink, AProcessOfALaunchWritesItsPart) {
  const std::string line =
      "svgscenesrc num-images=5 classes=all ! svgencode ! svgalign ! " + sink();
  std::vector<fs::path> parts;
  for (const char* which : {"0", "1"}) {
    const svgen::testing::ScopedVariable rank("RANK", which), world("WORLD_SIZE", "2");
    EXPECT_TRUE(Pipeline(line).run());
    parts.push_back(part_of(raw_, {std::atoi(which), 2}));
    EXPECT_TRUE(fs::exists(parts.back()));
  }
  EXPECT_FALSE(fs::exists(raw_));
  merge_latents(raw_, json_beside(raw_), parts);
  const std::string merged = read_text(raw_);
  EXPECT_TRUE(Pipeline(line).run());
  EXPECT_TRUE(read_text(raw_) == merged);
}

TEST_F(SvgLatentSink, SharedImagesNeedIndices) {
  const svgen::testing::ScopedVariable rank("RANK", "0"), world("WORLD_SIZE", "2");
  EXPECT_THAT(error_of(video(2) + " ! svgencode ! svgalign ! " + sink()), HasSubstr("no index"));
}

TEST_F(SvgLatentSink, SaysWhatIsMissing) {
  EXPECT_THAT(error_of("fakesrc num-buffers=1 ! svglatentsink"), HasSubstr("set location"));
  EXPECT_THAT(error_of("fakesrc num-buffers=1 ! svglatentsink location=/nowhere/at/all/l.dat"),
              AllOf(HasSubstr("/nowhere/at/all"), HasSubstr("folder")));
}

}  // namespace
}  // namespace svgen::gst::testing
