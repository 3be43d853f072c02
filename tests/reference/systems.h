// SPDX-License-Identifier: MIT
// Engines and pictures of the parity tests of whole systems.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "interop/tensor.h"
#include "reference/parity.h"

namespace svgen::parity {

inline std::shared_ptr<engine::ModelEngine> open_engine(const std::filesystem::path& card) {
  return std::make_shared<engine::ModelEngine>(Card::load(card), Device{}, DType::kFloat32);
}

/// Views on pictures (N, H, W, 3) uint8, which must stay alive.
inline std::vector<MutableImageView> views_of(const at::Tensor& pictures) {
  std::vector<MutableImageView> views;
  for (int64_t n = 0; n < pictures.size(0); ++n) {
    views.push_back(
        packed_rgb(pictures[n].data_ptr<uint8_t>(), pictures.size(2), pictures.size(1)));
  }
  return views;
}

/// Pictures (N, H, W, 3) uint8 to latents (N, T, C).
inline Tensor encode(engine::ModelEngine& engine, const at::Tensor& pictures, AlignmentMode mode,
                     bool normalize) {
  std::vector<ImageView> views;
  for (const MutableImageView& view : views_of(pictures)) {
    views.push_back({view.width,
                     view.height,
                     {view.planes[0], view.planes[1], view.planes[2]},
                     view.row_stride,
                     view.pixel_stride});
  }
  const Features features = engine.encoder().encode(views, FeatureKind::kBoth);
  return engine.aligner().align(features.semantic, features.residual, mode, normalize);
}

/// Latents to pictures (N, H, W, 3) uint8.
inline at::Tensor decode_levels(engine::ModelEngine& engine, const Tensor& latents,
                                bool normalized) {
  const Grid grid = engine.card().grid;
  const int64_t patch = engine.card().patch;
  const at::Tensor pictures =
      at::empty({latents.size(0), grid.height * patch, grid.width * patch, 3}, at::kByte);
  engine.decoder().decode_into(latents, grid, normalized, views_of(pictures));
  return pictures;
}

/// Fails when a level is more than one off, or more than `share` of them are off at all.
inline void expect_levels(const std::string& case_name, const at::Tensor& actual,
                          const at::Tensor& expected, double share) {
  expect_close(case_name, actual, expected, 1);
  const int64_t different = actual.ne(expected).sum().item<int64_t>();
  EXPECT_LE(static_cast<double>(different), share * static_cast<double>(expected.numel()))
      << case_name << ": " << different << " of " << expected.numel() << " levels are off";
}

/// (N, T, C) tokens as the published (N, C, h, w).
inline at::Tensor as_map(const Tensor& tokens, const Grid& grid) {
  const at::Tensor z = to_torch(tokens);
  return z.transpose(1, 2).reshape({z.size(0), z.size(2), grid.height, grid.width});
}

}  // namespace svgen::parity
