// SPDX-License-Identifier: MIT
// Walks from one class to another: latents of the library, interpolated with LibTorch's operators.
//
//   c++ -std=c++20 at_tensor.cpp $(pkg-config --cflags --libs libsvgen)
//       -I $SVGEN/lib/backend -isystem $TORCH/include -L $TORCH/lib -Wl,-rpath,$TORCH/lib
//       -Wl,--no-as-needed -ltorch -ltorch_cpu -lc10
//       -isystem $(pkg-config --variable=includedir opencv4)
//       -lopencv_imgcodecs -lopencv_core -o at_tensor
//   ./at_tensor CLASS CLASS STRIP.png
//
// $SVGEN is the source tree, $TORCH the LibTorch that it was built with:
// $SVGEN/.venv/lib/python3*/site-packages/torch. For the distribution's, in /usr, leave out its
// -isystem, -L and -rpath: the compiler looks there anyway, in an order of its own.
#include <ATen/ops/lerp.h>
#include <ATen/ops/linspace.h>

#include <iostream>
#include <string>

#include "interop/tensor.h"
#include "pictures.h"
#include "svgen/engine.h"

namespace {

constexpr int64_t kPictures = 8;

void walk(const std::string& from, const std::string& to, const std::string& file) {
  const auto engine = svgen::Engine::open({.model = "mini"});
  const svgen::Card& card = engine->card();

  // The same index means the same noise, so that the two images differ by their class alone.
  svgen::SampleRequest request;
  request.options = card.sampling;
  request.indices = {0, 0};
  request.classes = {example::class_of(card, from), example::class_of(card, to)};
  const at::Tensor ends = svgen::to_torch(svgen::to_host(engine->sampler().sample(request)));

  const at::Tensor weights = at::linspace(0, 1, kPictures).view({kPictures, 1, 1});
  const at::Tensor path = at::lerp(ends[0], ends[1], weights);  // (kPictures, T, C)

  const svgen::Tensor decoded =
      engine->decoder().decode(svgen::from_torch(path), card.grid, request.normalized);
  const at::Tensor pictures = svgen::to_torch(svgen::to_host(decoded));  // (N, 3, H, W) in [-1, 1]

  // Side by side, as rows of 8-bit blue, green, red.
  const at::Tensor strip = pictures.add(1)
                               .mul(127.5)
                               .round()
                               .clamp(0, 255)
                               .to(at::kByte)
                               .flip(1)
                               .permute({2, 0, 3, 1})
                               .flatten(1, 2)
                               .contiguous();  // (H, N W, 3)
  example::write_picture(file, cv::Mat(static_cast<int>(strip.size(0)),
                                       static_cast<int>(strip.size(1)), CV_8UC3, strip.data_ptr()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: at_tensor CLASS CLASS STRIP.png\n";
    return 2;
  }
  return example::run([&] { walk(argv[1], argv[2], argv[3]); });
}
