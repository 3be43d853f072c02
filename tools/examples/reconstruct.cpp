// SPDX-License-Identifier: MIT
// Reconstructs a picture with the library alone: encode, align, decode.
//
//   c++ -std=c++20 reconstruct.cpp $(pkg-config --cflags --libs libsvgen)
//       -isystem $(pkg-config --variable=includedir opencv4)
//       -lopencv_imgcodecs -lopencv_core -o reconstruct
//   ./reconstruct PICTURE AGAIN.png
#include <filesystem>
#include <iostream>
#include <string>

#include "pictures.h"
#include "svgen/crop.h"
#include "svgen/engine.h"

namespace {

void reconstruct(const std::string& from, const std::string& to) {
  std::error_code none;
  if (std::filesystem::equivalent(from, to, none)) {
    throw svgen::ConfigurationError("picture and result are one file",
                                    {.expected = "two files", .found = to});
  }
  const cv::Mat original = cv::imread(from, cv::IMREAD_COLOR);
  if (original.empty()) {
    throw svgen::IoError("cannot read the picture",
                         {.expected = "a PNG, JPEG or the like", .found = "none", .where = from});
  }
  const auto engine = svgen::Engine::open({.model = "mini"});
  const svgen::Card& card = engine->card();
  const auto side = static_cast<int>(card.latent().picture_height());

  // The model was trained with squares of one size; this cuts one out of the middle.
  cv::Mat square(side, side, CV_8UC3), again(side, side, CV_8UC3);
  svgen::center_crop(example::view(original), example::mutable_view(square));

  const svgen::ImageView input = example::view(square);
  const svgen::Features features =
      engine->encoder().encode({&input, 1}, svgen::FeatureKind::kBoth);  // (1, T, Cs), (1, T, Cr)
  const svgen::Tensor latent = engine->aligner().align(
      features.semantic, features.residual, svgen::AlignmentMode::kAuto, /*normalize=*/false);

  const svgen::MutableImageView output = example::mutable_view(again);
  engine->decoder().decode_into(latent, card.grid, /*normalized=*/false, {&output, 1});
  example::write_picture(to, again);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: reconstruct PICTURE AGAIN.png\n";
    return 2;
  }
  return example::run([&] { reconstruct(argv[1], argv[2]); });
}
