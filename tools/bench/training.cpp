// SPDX-License-Identifier: MIT
// Takes training steps on request, for tools/bench/training: reads numbers of steps from the
// standard input, and answers each with the seconds they took, the last loss and the peak memory in
// MiB.
//
//   svgen-bench-training autoencoder|diffusion CARD DTYPE BATCH
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "process_memory.h"
#include "svgen/error.h"
#include "svgen/random.h"
#include "svgen/trainer.h"

namespace {

using namespace svgen;

std::vector<int64_t> next_indices(const Trainer& trainer, int64_t batch) {
  std::vector<int64_t> indices(static_cast<size_t>(batch));
  std::iota(indices.begin(), indices.end(), trainer.report().next_index);
  return indices;
}

// Trains with the same arbitrary pictures in every step.
std::function<TrainReport()> autoencoder_steps(const EngineOptions& model, int64_t batch) {
  AutoencoderOptions options;
  options.model = model;
  options.discriminator_start = 0;
  const std::shared_ptr<AutoencoderTrainer> trainer = AutoencoderTrainer::open(options);
  const Card& card = Engine::open(model)->card();
  auto pictures = std::make_shared<std::vector<Picture>>();
  for (int64_t n = 0; n < batch; ++n) {
    Picture& picture =
        pictures->emplace_back(card.latent().picture_width(), card.latent().picture_height());
    std::vector<float> noise(picture.pixels.size());
    normal_noise(1, static_cast<uint64_t>(n), 0, noise);
    std::transform(noise.begin(), noise.end(), picture.pixels.begin(), [](float x) {
      return static_cast<uint8_t>(std::clamp(x * 40 + 128, 0.f, 255.f));
    });
  }
  return [=] {
    std::vector<ImageView> all;
    for (const Picture& picture : *pictures) all.push_back(picture.view());
    return trainer->train(all, next_indices(*trainer, batch));
  };
}

std::function<TrainReport()> diffusion_steps(const EngineOptions& model, int64_t batch) {
  DiffusionOptions options;
  options.model = model;
  options.normalized = true;
  const std::shared_ptr<DiffusionTrainer> trainer = DiffusionTrainer::open(options);
  const auto engine = Engine::open(model);
  const Tensor latents = Tensor::empty(
      DType::kFloat32, {batch, engine->latent().grid().cells(), engine->info().latent_channels});
  normal_noise(1, 0, 0, {latents.data_as<float>(), static_cast<size_t>(latents.element_count())});
  std::vector<int64_t> labels(static_cast<size_t>(batch));
  for (size_t i = 0; i < labels.size(); ++i)
    labels[i] = static_cast<int64_t>(i) % engine->info().classes;
  return [=] { return trainer->train(latents, labels, next_indices(*trainer, batch)); };
}

void serve(const std::function<TrainReport()>& step) {
  for (int64_t steps = 0; std::cin >> steps;) {
    const auto start = std::chrono::steady_clock::now();
    TrainReport last;
    for (int64_t i = 0; i < steps; ++i) last = step();
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    std::cout << spent.count() << ' ' << last.metrics.at(0).second << ' '
              << process_mebibytes("VmHWM:") << '\n'
              << std::flush;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: svgen-bench-training autoencoder|diffusion CARD DTYPE BATCH\n";
    return 2;
  }
  try {
    const svgen::EngineOptions model{.model = argv[2], .device = "auto", .dtype = argv[3]};
    const int64_t batch = std::max(1LL, std::strtoll(argv[4], nullptr, 10));
    const bool first_phase = std::string(argv[1]) == "autoencoder";
    serve(first_phase ? autoencoder_steps(model, batch) : diffusion_steps(model, batch));
  } catch (const svgen::Error& error) {
    std::cerr << error.report() << '\n';
    return 1;
  }
  return 0;
}
