// SPDX-License-Identifier: MIT
// The loss of phase 2 and its random draws.
#include "train/diffusion_step.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "diffusion/path.h"
#include "svgen/random.h"

namespace svgen::train {

DiffusionDraws draw_diffusion(uint64_t seed, std::span<const int64_t> indices,
                              std::span<const int64_t> labels, const models::DitConfig& config,
                              double shift, double dropout) {
  const int64_t count = static_cast<int64_t>(indices.size());
  const int64_t elements = config.tokens * config.channels;
  DiffusionDraws draws{at::empty({count, config.tokens, config.channels}, at::kFloat),
                       at::empty({count}, at::kFloat), at::empty({count}, at::kLong)};
  // An image's numbers depend on its index alone, so any thread may draw them.
  const auto draw = [&](int64_t n) {
    const auto index = static_cast<uint64_t>(indices[n]);
    normal_noise(
        seed, index, RandomPurpose::kTrainingNoise,
        {draws.noise.mutable_data_ptr<float>() + n * elements, static_cast<size_t>(elements)});
    const std::array<double, 4> u = uniform_numbers(seed, index, RandomPurpose::kTraining);
    draws.times.mutable_data_ptr<float>()[n] =
        static_cast<float>(diffusion::shift_time(u[0], shift));
    const bool dropped = labels[n] < 0 || u[1] < dropout;
    draws.labels.mutable_data_ptr<int64_t>()[n] = dropped ? config.classes : labels[n];
  };
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) draw(n);
  });
  return draws;
}

at::Tensor velocity_loss(const models::Dit& model, const at::Tensor& data,
                         const DiffusionDraws& draws) {
  const at::Tensor x = diffusion::straight_path(draws.noise, data, draws.times);  // (N, T, C)
  const at::Tensor v = model.forward(x, draws.times, draws.labels);               // (N, T, C)
  return (v.to(at::kFloat) - diffusion::straight_velocity(draws.noise, data)).square().mean({1, 2});
}

}  // namespace svgen::train
