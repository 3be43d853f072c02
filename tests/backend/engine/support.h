// SPDX-License-Identifier: MIT
// Engines, pictures and comparisons that the tests of a model's parts share.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "interop/tensor.h"
#include "svgen/error.h"
#include "svgen/support.h"
#include "weights/state_source.h"

namespace svgen::engine {

using svgen::testing::report_of;

inline const std::filesystem::path kTinyCard = SVGEN_TEST_DATA "/tiny/card.json";
inline const std::filesystem::path kMiniCard = SVGEN_MODELS "/mini/card.json";

inline std::shared_ptr<ModelEngine> open_engine(const std::filesystem::path& card = kTinyCard,
                                                DType dtype = DType::kFloat32) {
  return std::make_shared<ModelEngine>(Card::load(card), Device{}, dtype);
}

/// Opens the tiny card after `edit` has taken away or changed some of its parts.
template <typename Edit>
std::shared_ptr<ModelEngine> open_edited(Edit edit) {
  Card card = Card::load(kTinyCard);
  edit(card);
  return std::make_shared<ModelEngine>(card, Device{}, DType::kFloat32);
}

inline at::Tensor read_case(const std::string& name) {
  static const auto cases = weights::open_weights(SVGEN_TEST_DATA "/tiny/cases.safetensors");
  return cases->read(name);
}

/// Returns views on pictures (N, H, W, 3) uint8, which must stay alive.
inline std::vector<ImageView> views_of(const at::Tensor& pictures) {
  std::vector<ImageView> views;
  for (int64_t n = 0; n < pictures.size(0); ++n) {
    views.push_back(
        packed_rgb(pictures[n].const_data_ptr<uint8_t>(), pictures.size(2), pictures.size(1)));
  }
  return views;
}

inline SampleRequest request_of(int64_t images, int64_t classes = 10) {
  SampleRequest request;
  request.seed = 7;
  for (int64_t i = 0; i < images; ++i) {
    request.indices.push_back(100 + i);
    request.classes.push_back(i * 3 % classes);
  }
  request.options.steps = 3;
  request.options.guidance_scale = 1.5;
  return request;
}

inline bool bit_equal(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && at::equal(to_torch(a), to_torch(b));
}

/// Returns a file name in the test's temporary folder; a file of that name is removed.
inline std::filesystem::path scratch_file(const std::string& name) {
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / name;
  std::filesystem::remove(file);
  return file;
}

}  // namespace svgen::engine
