// SPDX-License-Identifier: MIT
// Generates one image with the library alone and writes it as a PPM file.
//
//   c++ -std=c++20 generate.cpp $(pkg-config --cflags --libs libsvgen) -o generate
//   ./generate CLASS SEED image.ppm
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "svgen/engine.h"
#include "svgen/error.h"

namespace {

void generate(int64_t label, uint64_t seed, const char* file) {
  const auto engine = svgen::Engine::open({.model = "mini"});
  const svgen::Card& card = engine->card();

  svgen::SampleRequest request;
  request.seed = seed;
  request.indices = {0};
  request.classes = {label};
  request.options = card.sampling;
  const svgen::Tensor latent = engine->sampler().sample(request);  // (1, T, C)

  const int64_t width = card.grid.width * card.patch, height = card.grid.height * card.patch;
  std::vector<uint8_t> pixels(static_cast<size_t>(width * height * 3));
  const svgen::MutableImageView picture = svgen::packed_rgb(pixels.data(), width, height);
  engine->decoder().decode_into(latent, card.grid, request.normalized, {&picture, 1});

  std::ofstream out(file, std::ios::binary);
  out << "P6\n" << width << ' ' << height << "\n255\n";
  out.write(reinterpret_cast<const char*>(pixels.data()), static_cast<int64_t>(pixels.size()));
  if (!out) {
    throw svgen::IoError(std::string("cannot write ") + file);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: generate CLASS SEED FILE.ppm\n";
    return 2;
  }
  try {
    generate(std::atoll(argv[1]), std::strtoull(argv[2], nullptr, 10), argv[3]);
  } catch (const svgen::Error& error) {
    std::cerr << error.report() << '\n';
    return 1;
  }
  return 0;
}
