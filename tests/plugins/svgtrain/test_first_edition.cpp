// SPDX-License-Identifier: MIT
// Tests that the files of the first edition still mean what they did: tests/data/first_edition.
#include "data/train_log.h"
#include "support.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::read_text;

const fs::path kFolder = fs::path(SVGEN_TEST_DATA) / "first_edition";
const std::string kModel = " model=" + kFolder.string() + " ";

// A training of the first edition, and the losses of its next two steps there.
struct Training {
  const char* name;
  const char* source;
  const char* trainer;
  double losses[2];
};

const Training kTrainings[] = {
    {"encoder",
     "svgscenesrc seed=3 size=16 num-images=16 classes=0-2",
     "svgtrainencoder head-width=16 head-bottleneck=8 prototypes=16",
     {5.721611499786377, 11.979501724243164}},
    {"autoencoder",
     "svgscenesrc seed=3 size=16 num-images=16 classes=0-2",
     "svgtrainautoencoder discriminator-weight=0",
     {955.4566650390625, 939.84716796875}},
    {"diffusion",
     "svglatentsrc epochs=-1 location=",
     "svgtraindiffusion",
     {1.9133751392364502, 1.9354450702667236}},
};

class FirstEditionTraining : public ::testing::TestWithParam<Training> {};

TEST_P(FirstEditionTraining, GoesOn) {
  const Training& training = GetParam();
  const ScratchFolder folder;
  const std::string name = training.name;
  const fs::path run = folder.path() / ("training-" + name), log = folder.path() / "log.jsonl";
  fs::copy(kFolder / run.filename(), run, fs::copy_options::recursive);
  std::string source = training.source;
  if (name == "diffusion") source += (kFolder / "latents.dat").string();
  Pipeline pipeline(source + " ! " + training.trainer + kModel +
                    "batch-size=4 max-steps=4 resume=true checkpoint=" + run.string() +
                    " log=" + log.string());
  ASSERT_TRUE(pipeline.run());
  const auto losses = TrainLog(log, 1000).curve("loss");
  ASSERT_EQ(losses.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(losses[i].first, static_cast<int64_t>(3 + i));
    EXPECT_NEAR(losses[i].second, training.losses[i], 1e-4 * training.losses[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Trainings, FirstEditionTraining, ::testing::ValuesIn(kTrainings),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(FirstEdition, ItsModelGeneratesTheSamePictures) {
  const std::vector<Sample> samples = samples_of("svgdiffuse" + kModel +
                                                 "classes=0-2 seed=1 num-images=3 ! svgdecode ! "
                                                 "video/x-raw,format=RGB");
  std::string pixels;
  for (const Sample& sample : samples) pixels += sample.bytes();
  const std::string expected = read_text(kFolder / "generated.rgb");
  ASSERT_EQ(pixels.size(), expected.size());
  int largest = 0;
  for (size_t i = 0; i < pixels.size(); ++i) {
    const int difference =
        static_cast<unsigned char>(pixels[i]) - static_cast<unsigned char>(expected[i]);
    largest = std::max(largest, std::abs(difference));
  }
  EXPECT_LE(largest, 1);
}

// What the store holds is what its model still encodes.
TEST(FirstEdition, ItsLatentsAreThoseOfItsModel) {
  const std::vector<Sample> stored =
      samples_of("svglatentsrc location=" + (kFolder / "latents.dat").string());
  const std::vector<Sample> encoded =
      samples_of("svgscenesrc seed=3 size=16 num-images=8 classes=0-2 ! svgencode" + kModel +
                 "batch-size=1 ! svgalign labels=true statistics=none");
  ASSERT_EQ(stored.size(), 8u);
  ASSERT_EQ(encoded.size(), 8u);
  for (size_t i = 0; i < 8; ++i) {
    const std::vector<Tensor> before = stored[i].tensors(), now = encoded[i].tensors();
    EXPECT_EQ(before[1].data_as<int64_t>()[0], now[1].data_as<int64_t>()[0]);
    ASSERT_EQ(before[0].element_count(), now[0].element_count());
    for (int64_t k = 0; k < now[0].element_count(); ++k)
      EXPECT_NEAR(before[0].data_as<float>()[k], now[0].data_as<float>()[k], 1e-4);
  }
}

}  // namespace
}  // namespace svgen::gst::testing
