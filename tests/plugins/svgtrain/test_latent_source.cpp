// SPDX-License-Identifier: MIT
// Tests of svglatentsrc, and of the pair with svglatentsink.
#include <fstream>
#include <set>

#include "data/data_order.h"
#include "data/latent_store.h"
#include "support.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::read_text;
using svgen::testing::ScopedVariable;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kOneImage =
    "other/tensors, format=(string)static, num_tensors=(int)2, dimensions=(string)\"2:4:1,1:1\", "
    "types=(string)\"float32,int64\", framerate=(fraction)0/1";

// Six images, (4, 2) each: image i holds the numbers from i * 10 on and the label 100 + i.
class SvgLatentSrc : public ::testing::Test {
 protected:
  void SetUp() override {
    LatentWriter writer(raw_, json_, kOneImage, 40);
    for (int64_t i = 0; i < 6; ++i) {
      float values[8];
      for (int k = 0; k < 8; ++k) values[k] = static_cast<float>(i * 10 + k);
      const int64_t label = 100 + i;
      const LatentWriter::Bytes parts[] = {std::as_bytes(std::span(values)),
                                           std::as_bytes(std::span(&label, 1))};
      writer.add(parts);
    }
    writer.commit();
  }

  std::string line(const std::string& settings = "") const {
    return "svglatentsrc location=" + raw_.string() + " " + settings;
  }

  // Returns which images the buffers hold, by their first number.
  static std::vector<int64_t> items_of(const std::vector<Sample>& samples) {
    std::vector<int64_t> items;
    for (const Sample& sample : samples) {
      const Tensor latents = sample.tensors()[0];
      for (int64_t i = 0; i < latents.size(0); ++i)
        items.push_back(static_cast<int64_t>(latents.rows(i, 1).data_as<float>()[0]) / 10);
    }
    return items;
  }

  ScratchFolder folder_;
  fs::path raw_ = folder_.path() / "l.dat", json_ = json_beside(raw_);
};

TEST_F(SvgLatentSrc, SendsLatentsAndLabels) {
  const std::vector<Sample> samples = samples_of(line());
  EXPECT_EQ(items_of(samples), steps(0, 6));
  EXPECT_EQ(indices_of(samples), steps(0, 6));
  EXPECT_EQ(labels_of(samples), steps(100, 6));
  const TensorStream stream = samples[0].stream();
  EXPECT_EQ(stream.batch, 1);
  EXPECT_TRUE(stream.entries.at(1).is_label);
  EXPECT_EQ(samples[3].tensors()[1].data_as<int64_t>()[0], 103);
}

TEST_F(SvgLatentSrc, MakesBatchesTheLastOneSmaller) {
  const std::vector<Sample> samples = samples_of(line("batch-size=4"));
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].stream().batch, 4);
  EXPECT_EQ(samples[1].stream().batch, 2);
  EXPECT_EQ(items_of(samples), steps(0, 6));
  EXPECT_EQ(column(image_facts(samples[0].buffer.get(), 4), &ImageFacts::index), steps(0, 4));
}

TEST_F(SvgLatentSrc, ShufflesEveryEpochAnew) {
  const std::vector<Sample> samples = samples_of(line("shuffle=true seed=3 epochs=2"));
  std::vector<int64_t> expected = shuffled_items(3, 0, 6);
  for (const int64_t item : shuffled_items(3, 1, 6)) expected.push_back(item);
  EXPECT_EQ(items_of(samples), expected);
  EXPECT_EQ(indices_of(samples), steps(0, 12));
}

TEST_F(SvgLatentSrc, AStartInTheMiddleOfAnEpochGivesTheSameTail) {
  const std::string settings = "shuffle=true seed=3 epochs=3 ";
  std::vector<int64_t> whole = items_of(samples_of(line(settings)));
  whole.erase(whole.begin(), whole.begin() + 8);
  EXPECT_EQ(items_of(samples_of(line(settings + "first-index=8"))), whole);
}

TEST_F(SvgLatentSrc, EndsAfterNumImages) {
  EXPECT_EQ(indices_of(samples_of(line("epochs=-1 first-index=4 num-images=5"))), steps(4, 5));
}

TEST_F(SvgLatentSrc, ProcessesShareEveryEpochWithoutOverlap) {
  std::multiset<int64_t> together;
  for (const char* which : {"0", "1", "2", "3"}) {
    const ScopedVariable rank("RANK", which), world("WORLD_SIZE", "4");
    for (const int64_t i : indices_of(samples_of(line("epochs=3 shuffle=true"))))
      together.insert(i);
  }
  EXPECT_EQ(std::vector<int64_t>(together.begin(), together.end()), steps(0, 18));
}

TEST_F(SvgLatentSrc, IsSoughtByAnIndexThatGrowsOverEpochs) {
  EXPECT_EQ(indices_after_seek(line("epochs=-1"), 50, 3), steps(50, 3));
}

TEST_F(SvgLatentSrc, PlaysBackwardsBatchByBatch) {
  const std::vector<Sample> back = samples_backwards(line("batch-size=4"));
  EXPECT_EQ(items_of(back), steps(5, 6, -1));
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(column(image_facts(back[0].buffer.get(), 4), &ImageFacts::label), steps(105, 4, -1));
  EXPECT_EQ(GST_BUFFER_OFFSET(back[0].buffer.get()), 2u);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(back[0].buffer.get()), 6u);
}

TEST_F(SvgLatentSrc, ReadsSamplesOfSeveralImagesThatOthersWrote) {
  std::string caps = kOneImage;
  caps.replace(caps.find("2:4:1,1:1"), 9, "2:4:3,1:3");
  std::string bytes;
  for (int sample = 0; sample < 2; ++sample) {
    for (int i = 0; i < 3; ++i) {
      for (int k = 0; k < 8; ++k) {
        const auto value = static_cast<float>((sample * 3 + i) * 10 + k);
        bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
      }
    }
    for (int64_t i = 0; i < 3; ++i) {
      const int64_t label = 100 + sample * 3 + i;
      bytes.append(reinterpret_cast<const char*>(&label), sizeof(label));
    }
  }
  folder_.write("o.dat", bytes);
  std::string quoted;
  for (const char c : caps) quoted += c == '"' ? "\\\"" : std::string(1, c);
  folder_.write("o.json",
                "{\"gst_caps\":\"" + quoted + "\",\"total_samples\":2,\"sample_size\":120}");
  const std::vector<Sample> samples =
      samples_of("svglatentsrc location=" + (folder_.path() / "o.dat").string());
  EXPECT_EQ(items_of(samples), steps(0, 6));
  EXPECT_EQ(labels_of(samples), steps(100, 6));
}

TEST_F(SvgLatentSrc, SaysWhatIsWrongWithTheFiles) {
  EXPECT_THAT(error_of("svglatentsrc ! fakesink"), HasSubstr("set location"));
  fs::resize_file(raw_, 100);
  EXPECT_THAT(error_of(line() + "! fakesink"), AllOf(HasSubstr("truncated"), HasSubstr("l.dat")));
  fs::remove(json_);
  EXPECT_THAT(error_of(line() + "! fakesink"), HasSubstr("l.json"));
}

TEST_F(SvgLatentSrc, SaysThatCapsAndSizeDisagree) {
  folder_.write("l.json",
                "{\"gst_caps\":\"other/tensors,format=(string)static,num_tensors=(int)1,"
                "dimensions=(string)3:4:1,types=(string)float32,framerate=(fraction)0/1\","
                "\"total_samples\":6,\"sample_size\":40}");
  EXPECT_THAT(error_of(line() + "! fakesink"), HasSubstr("48 bytes"));
  folder_.write("l.json", "{\"gst_caps\":\"nonsense;;\",\"total_samples\":6,\"sample_size\":40}");
  EXPECT_THAT(error_of(line() + "! fakesink"), HasSubstr("caps"));
}

TEST_F(SvgLatentSrc, FindsADamagedSample) {
  std::fstream file(raw_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(90);
  file.put('!');
  file.close();
  EXPECT_THAT(error_of(line() + "! fakesink sync=false"),
              AllOf(HasSubstr("damaged"), HasSubstr("sample 2")));
}

TEST_F(SvgLatentSrc, WhatTheSinkStoredComesBackBitForBit) {
  const fs::path again = folder_.path() / "again.dat";
  Pipeline copy(line("batch-size=4") + " ! svglatentsink location=" + again.string());
  EXPECT_TRUE(copy.run());
  EXPECT_EQ(read_text(again), read_text(raw_));
  const LatentReader reader(again, json_beside(again));
  const CapsPtr caps(gst_caps_from_string(reader.caps().c_str()));
  EXPECT_TRUE(gst_caps_is_equal(caps.get(), CapsPtr(gst_caps_from_string(kOneImage)).get()));
  EXPECT_TRUE(reader.has_checksums());
  gint64 images = 0;
  ASSERT_EQ(copy.messages_named("svg-latents").size(), 1u);
  gst_structure_get_int64(copy.messages_named("svg-latents")[0], "images", &images);
  EXPECT_EQ(images, 6);
}

TEST_F(SvgLatentSrc, OffersTensorMemoryToWhoTakesIt) {
  EXPECT_FALSE(samples_of(line())[0].is_tensor_memory());
  EXPECT_TRUE(samples_of(line() + "! other/tensors(memory:SVGTensor)")[0].is_tensor_memory());
}

}  // namespace
}  // namespace svgen::gst::testing
