// SPDX-License-Identifier: MIT
// Generates one image with the library alone and writes it as a PPM file.
//
//   c++ -std=c++20 generate.cpp $(pkg-config --cflags --libs libsvgen) -o generate
//   ./generate CLASS SEED image.ppm
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "svgen/engine.h"
#include "svgen/error.h"

namespace {

template <typename Number>
Number number(const std::string& text) {
  Number value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status == std::errc() && end == text.data() + text.size()) return value;
  throw svgen::ConfigurationError("this is no number from 0 on",
                                  {.expected = "digits", .found = text});
}

void generate(int64_t label, uint64_t seed, const std::string& file) {
  const auto engine = svgen::Engine::open({.model = "mini"});
  const svgen::Card& card = engine->card();

  svgen::SampleRequest request;
  request.seed = seed;
  request.indices = {0};
  request.classes = {label};
  request.options = card.sampling;
  const svgen::Tensor latent = engine->sampler().sample(request);  // (1, T, C)

  const int64_t width = card.latent().picture_width(), height = card.latent().picture_height();
  std::vector<uint8_t> pixels(static_cast<size_t>(width * height * 3));
  const svgen::MutableImageView picture = svgen::packed_rgb(pixels.data(), width, height);
  engine->decoder().decode_into(latent, card.grid, request.normalized, {&picture, 1});

  const std::string beside = file + ".unfinished";  // renamed when it is complete
  std::ofstream out(beside, std::ios::binary);
  out << "P6\n" << width << ' ' << height << "\n255\n";
  out.write(reinterpret_cast<const char*>(pixels.data()), static_cast<int64_t>(pixels.size()));
  out.close();
  if (!out || std::rename(beside.c_str(), file.c_str()) != 0) {
    std::remove(beside.c_str());
    throw svgen::IoError("cannot write " + file);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: generate CLASS SEED FILE.ppm\n";
    return 2;
  }
  try {
    generate(number<int64_t>(argv[1]), number<uint64_t>(argv[2]), argv[3]);
  } catch (const svgen::Error& error) {
    std::cerr << error.report() << '\n';
    return 1;
  }
  return 0;
}
