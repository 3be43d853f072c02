// SPDX-License-Identifier: MIT
// Tests of the pair of raw samples and description.
#include "data/latent_store.h"

#include <nlohmann/json.hpp>

#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using testing::read_text;
using testing::report_of;
using testing::ScratchFolder;
namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class LatentStore : public ::testing::Test {
 protected:
  // Three samples of six bytes, each of two parts.
  void write(const std::string& first = "aaaabb") {
    LatentWriter writer(raw_, json_, "caps of a sample", 6);
    for (const std::string& sample : {first, std::string("ccccdd"), std::string("eeeeff")}) {
      const std::span<const std::byte> whole = bytes_of(sample);
      const std::span<const std::byte> parts[] = {whole.first(4), whole.subspan(4)};
      writer.add(parts);
    }
    writer.commit();
  }

  std::string sample(int64_t index) const {
    const LatentReader reader(raw_, json_);
    std::string text(reader.sample_size(), '\0');
    reader.read(index, std::as_writable_bytes(std::span(text)));
    return text;
  }

  std::string open_error() const {
    return report_of<IoError>([&] { LatentReader(raw_, json_); });
  }

  ScratchFolder folder_;
  fs::path raw_ = folder_.path() / "latents.dat", json_ = json_beside(raw_);
};

TEST_F(LatentStore, GivesBackWhatWasWritten) {
  write();
  const LatentReader reader(raw_, json_);
  EXPECT_EQ(reader.caps(), "caps of a sample");
  EXPECT_EQ(reader.samples(), 3);
  EXPECT_EQ(reader.sample_size(), 6u);
  EXPECT_EQ(sample(0) + sample(1) + sample(2), "aaaabbccccddeeeeff");
}

TEST_F(LatentStore, PutsSamplesBackToBackAndNNStreamersKeysBeside) {
  write();
  EXPECT_EQ(read_text(raw_), "aaaabbccccddeeeeff");
  const auto description = nlohmann::json::parse(read_text(folder_.path() / "latents.json"));
  EXPECT_EQ(description.at("gst_caps"), "caps of a sample");
  EXPECT_EQ(description.at("total_samples"), 3);
  EXPECT_EQ(description.at("sample_size"), 6);
}

TEST_F(LatentStore, ReadsAPairWithoutOurKeys) {
  folder_.write("latents.dat", "aaaabbccccdd");
  folder_.write("latents.json", R"({"gst_caps":"c","total_samples":2,"sample_size":6})");
  EXPECT_FALSE(LatentReader(raw_, json_).has_checksums());
  EXPECT_EQ(sample(1), "ccccdd");
}

TEST_F(LatentStore, ReadsAPartOfASample) {
  write();
  std::string text(2, '\0');
  LatentReader(raw_, json_).read_part(1, 4, std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(text, "dd");
}

TEST_F(LatentStore, AppearsOnlyWhenItIsComplete) {
  write();
  {
    LatentWriter writer(raw_, json_, "other caps", 6);
    const std::span<const std::byte> part = bytes_of("xxxxyy");
    writer.add({&part, 1});
  }  // never committed
  EXPECT_EQ(sample(0), "aaaabb");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 2);
}

TEST_F(LatentStore, ReplacesAnOlderPair) {
  write();
  write("zzzzzz");
  EXPECT_EQ(sample(0), "zzzzzz");
}

TEST_F(LatentStore, RefusesASampleOfAnotherSize) {
  LatentWriter writer(raw_, json_, "caps", 6);
  const std::span<const std::byte> part = bytes_of("short");
  EXPECT_THROW(writer.add({&part, 1}), ShapeError);
}

TEST_F(LatentStore, FindsADamagedSample) {
  write();
  folder_.write("latents.dat", "aaaabbccXcddeeeeff");
  EXPECT_EQ(sample(0), "aaaabb");
  EXPECT_THAT(report_of<IoError>([&] { sample(1); }), HasSubstr("sample 1"));
}

TEST_F(LatentStore, SaysThatTheSamplesAreTruncated) {
  write();
  fs::resize_file(raw_, 17);
  EXPECT_THAT(open_error(), HasSubstr("truncated"));
  fs::resize_file(raw_, 12);
  EXPECT_THAT(open_error(), HasSubstr("3 samples of 6 bytes"));
}

TEST_F(LatentStore, SaysThatAFileIsMissing) {
  EXPECT_THAT(open_error(), HasSubstr("latents.json"));
  write();
  fs::remove(raw_);
  EXPECT_THAT(open_error(), HasSubstr("latents.dat"));
}

TEST_F(LatentStore, RefusesADescriptionThatMakesNoSense) {
  folder_.write("latents.dat", "aaaabb");
  for (
      const char* text :
      {"", "{", "[]", "null", R"({"gst_caps":"c","sample_size":6})",
       R"({"gst_caps":1,"total_samples":1,"sample_size":6})",
       R"({"gst_caps":"c","total_samples":-1,"sample_size":6})",
       R"({"gst_caps":"c","total_samples":1,"sample_size":0})",
       R"({"gst_caps":"c","total_samples":1.5,"sample_size":6})",
       R"({"gst_caps":"c","total_samples":9223372036854775807,"sample_size":9223372036854775807})",
       R"({"gst_caps":"c","total_samples":18446744073709551615,"sample_size":6})",
       R"({"gst_caps":"c","total_samples":1,"sample_size":6,"svgen":{"sample_crc32":"12"}})",
       R"({"gst_caps":"c","total_samples":1,"sample_size":6,"svgen":{"sample_crc32":"zzzzzzzz"}})"}) {
    folder_.write("latents.json", text);
    EXPECT_FALSE(open_error().empty()) << text;
  }
}

TEST(LatentStoreClasses, KeepTheirNames) {
  const testing::ScratchFolder folder;
  const auto raw = folder.path() / "a.raw", description = folder.path() / "a.json";
  const std::byte sample[4] = {};
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{"tench, Tinca", "caf\u00e9"}, {}}) {
    LatentWriter writer(raw, description, "caps", 4);
    writer.name_classes(names);
    const LatentWriter::Bytes part(sample);
    writer.add({&part, 1});
    writer.commit();
    EXPECT_EQ(LatentReader(raw, description).classes(), names);
  }
}

// The parts of processes that dealt the images out among themselves.
class LatentParts : public LatentStore {
 protected:
  fs::path part(int64_t rank, const std::vector<int64_t>& images,
                const std::string& caps = "caps") {
    const fs::path file = raw_.string() + std::to_string(rank);
    LatentWriter writer(file, json_of_part(file), caps, 2);
    writer.name_classes({"a", "b"});
    for (const int64_t image : images) {
      const std::string text = std::to_string(10 + image);
      const std::span<const std::byte> bytes = bytes_of(text);
      writer.add({&bytes, 1}, image);
    }
    writer.commit();
    return file;
  }
};

TEST_F(LatentParts, KeepTheOriginAndMustShareIt) {
  const auto with_origin = [&](int64_t number, const std::string& checksum) {
    const fs::path file = part(number, {number});
    std::string text = read_text(json_of_part(file));
    const std::string own = "\"svgen\": {";
    text.insert(text.find(own) + own.size(),
                "\"model\": {\"name\": \"m\", \"checksum\": \"" + checksum + "\"},");
    std::ofstream(json_of_part(file)) << text;
    return file;
  };
  merge_latents(raw_, json_, std::vector{with_origin(0, "ab"), with_origin(1, "ab")});
  EXPECT_EQ(LatentReader(raw_, json_).origin(), (LatentOrigin{"m", "ab"}));
  EXPECT_THAT(report_of<IoError>([&] {
                merge_latents(raw_, json_, std::vector{with_origin(0, "ab"), with_origin(1, "cd")});
              }),
              HasSubstr("found caps of m (cd)"));
}

TEST_F(LatentParts, BecomeTheFilesOfOneProcess) {
  const std::vector<fs::path> parts = {part(0, {0, 3, 6}), part(1, {1, 4}), part(2, {5, 8})};
  EXPECT_EQ(merge_latents(raw_, json_, parts), 7);
  const fs::path alone = folder_.path() / "alone.dat";
  LatentWriter writer(alone, json_beside(alone), "caps", 2);
  writer.name_classes({"a", "b"});
  for (const std::string text : {"10", "11", "13", "14", "15", "16", "18"}) {
    const std::span<const std::byte> bytes = bytes_of(text);
    writer.add({&bytes, 1});
  }
  writer.commit();
  EXPECT_EQ(read_text(raw_), read_text(alone));
  EXPECT_EQ(read_text(json_), read_text(json_beside(alone)));
  EXPECT_TRUE(LatentReader(raw_, json_).indices().empty());
}

TEST_F(LatentParts, ThatDoNotFitAreRefused) {
  const auto refusal = [&](const std::vector<fs::path>& parts) {
    return report_of<IoError>([&] { merge_latents(raw_, json_, parts); });
  };
  EXPECT_THAT(refusal({part(0, {0, 1}), part(1, {1})}), HasSubstr("image 1 twice"));
  EXPECT_THAT(refusal({part(0, {0}), part(1, {1}, "others")}), HasSubstr("do not fit"));
  write();
  fs::rename(json_, json_of_part(raw_));
  EXPECT_THAT(refusal({raw_}), HasSubstr("without"));
  EXPECT_THAT(refusal({}), HasSubstr("no parts"));
}

}  // namespace
}  // namespace svgen
