// SPDX-License-Identifier: MIT
// A small dataset and trainers of the tiny and mini models for the tests of training.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "svgen/picture.h"
#include "svgen/random.h"
#include "svgen/trainer.h"

namespace svgen::train {

inline const std::string kTinyCard = SVGEN_TEST_DATA "/tiny/card.json";

/// Returns first, first + 1, ... of `count` indices.
inline std::vector<int64_t> index_range(int64_t first, int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), first);
  return indices;
}

/// Pictures whose pixels are a function of their index.
class Pictures {
 public:
  Pictures(int64_t size, const std::vector<int64_t>& indices) {
    for (const int64_t index : indices) {
      Picture& picture = pictures_.emplace_back(size, size);
      for (size_t i = 0; i < picture.pixels.size(); ++i) {
        const auto wave = static_cast<double>(i % 97) / 97 + 0.37 * static_cast<double>(index);
        picture.pixels[i] = static_cast<uint8_t>(255 * (wave - std::floor(wave)));
      }
      views_.push_back(picture.view());
    }
  }
  std::span<const ImageView> views() const { return views_; }

 private:
  std::vector<Picture> pictures_;
  std::vector<ImageView> views_;
};

/// Returns latents (N, T, C) that are a function of their indices.
inline Tensor latents_of(const std::vector<int64_t>& indices, int64_t tokens, int64_t channels) {
  const auto count = static_cast<int64_t>(indices.size());
  Tensor latents = Tensor::empty(DType::kFloat32, {count, tokens, channels});
  const auto elements = static_cast<size_t>(tokens * channels);
  for (size_t n = 0; n < indices.size(); ++n) {
    normal_noise(99, static_cast<uint64_t>(indices[n]), 0,
                 {latents.data_as<float>() + n * elements, elements});
  }
  return latents;
}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  EXPECT_TRUE(stream.good()) << file;
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The tiny system's sizes.
inline constexpr int64_t kTinyTokens = 16, kTinyChannels = 56, kTinySize = 64, kBatch = 4;

inline std::vector<int64_t> labels_of(const std::vector<int64_t>& indices) {
  std::vector<int64_t> labels;
  for (const int64_t index : indices) labels.push_back(index % 10);
  return labels;
}

/// Trains with the next kBatch images.
inline TrainReport train_next(DiffusionTrainer& trainer) {
  const std::vector<int64_t> indices = index_range(trainer.report().next_index, kBatch);
  return trainer.train(latents_of(indices, kTinyTokens, kTinyChannels), labels_of(indices),
                       indices);
}

inline TrainReport train_next(AutoencoderTrainer& trainer) {
  const std::vector<int64_t> indices = index_range(trainer.report().next_index, kBatch);
  return trainer.train(Pictures(kTinySize, indices).views(), indices);
}

inline TrainReport train_next(EncoderTrainer& trainer) {
  const std::vector<int64_t> indices = index_range(trainer.report().next_index, kBatch);
  return trainer.train(Pictures(kTinySize, indices).views(), labels_of(indices), indices);
}

inline double loss_of(const TrainReport& report) {
  return report.metrics.at(0).second;
}

}  // namespace svgen::train
