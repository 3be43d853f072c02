// SPDX-License-Identifier: MIT
// Generates one image and writes, side by side, what it might have become on the way there.
//
//   c++ -std=c++20 previews.cpp $(pkg-config --cflags --libs libsvgen)
//       -isystem $(pkg-config --variable=includedir opencv4)
//       -lopencv_imgcodecs -lopencv_core -o previews
//   ./previews CLASS STRIP.png              a class by name or number
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "pictures.h"
#include "svgen/engine.h"

namespace {

constexpr int64_t kPictures = 5;  // of the strip, about

// Returns the picture of latents (1, T, C).
cv::Mat decoded(svgen::Engine& engine, const svgen::Tensor& latents) {
  const svgen::LatentSpec latent = engine.card().latent();
  cv::Mat picture(static_cast<int>(latent.picture_height()),
                  static_cast<int>(latent.picture_width()), CV_8UC3);
  const svgen::MutableImageView view = example::mutable_view(picture);
  engine.decoder().decode_into(latents, engine.card().grid, /*normalized=*/false, {&view, 1});
  return picture;
}

void generate(const std::string& label, const std::string& file) {
  const auto engine = svgen::Engine::open({.model = "mini"});
  const svgen::Card& card = engine->card();
  std::vector<cv::Mat> pictures;

  svgen::SampleRequest request;
  request.options = card.sampling;
  request.indices = {0};
  request.classes = {example::class_of(card, label)};
  request.preview_interval = std::max<int64_t>(1, card.sampling.steps / kPictures);
  // Not the noisy state after a step, but the latent that the model predicts from there: the state
  // would show noise until the end.
  request.preview = [&](const svgen::Preview& preview) {
    std::cout << "step " << preview.step << " of " << preview.steps << '\n';
    pictures.push_back(decoded(*engine, preview.latents));
  };
  pictures.push_back(decoded(*engine, engine->sampler().sample(request)));

  cv::Mat strip;
  cv::hconcat(pictures, strip);
  example::write_picture(file, strip);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: previews CLASS STRIP.png\n";
    return 2;
  }
  return example::run([&] { generate(argv[1], argv[2]); });
}
