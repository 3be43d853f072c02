// SPDX-License-Identifier: MIT
// Generates an image of each named class with the library alone, in one batch, as PNG files.
//
//   c++ -std=c++20 generate_png.cpp $(pkg-config --cflags --libs libsvgen)
//       -isystem $(pkg-config --variable=includedir opencv4)
//       -lopencv_imgcodecs -lopencv_core -o generate_png
//   ./generate_png FOLDER CLASS...          classes by name or number
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "pictures.h"
#include "svgen/engine.h"

namespace {

void generate(const std::filesystem::path& folder, const std::vector<std::string>& words) {
  const auto engine = svgen::Engine::open({.model = "mini"});
  const svgen::Card& card = engine->card();

  // An image depends on seed, index and class alone, not on its neighbours in the batch.
  svgen::SampleRequest request;
  request.options = card.sampling;
  for (const std::string& word : words) {
    request.indices.push_back(static_cast<int64_t>(request.indices.size()));
    request.classes.push_back(example::class_of(card, word));
  }
  const svgen::Tensor latents = engine->sampler().sample(request);  // (N, T, C)

  std::vector<cv::Mat> pictures;
  std::vector<svgen::MutableImageView> views;
  for (size_t n = 0; n < words.size(); ++n) {
    pictures.emplace_back(static_cast<int>(card.latent().picture_height()),
                          static_cast<int>(card.latent().picture_width()), CV_8UC3);
    views.push_back(example::mutable_view(pictures.back()));
  }
  engine->decoder().decode_into(latents, card.grid, request.normalized, views);

  std::filesystem::create_directories(folder);
  for (size_t n = 0; n < words.size(); ++n) {
    const std::string name = std::to_string(n) + "-" + words[n] + ".png";
    example::write_picture(folder / name, pictures[n]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: generate_png FOLDER CLASS...\n";
    return 2;
  }
  return example::run([&] { generate(argv[1], {argv + 2, argv + argc}); });
}
