// SPDX-License-Identifier: MIT
// Pictures to semantic and residual features.
#include "engine/encoder.h"

#include <ATen/ops/empty.h>

#include "engine/load_role.h"
#include "engine/model_info.h"
#include "engine/pixels.h"
#include "engine/upload.h"
#include "interop/tensor.h"

namespace svgen::engine {

using weights::Role;

ModelEncoder::ModelEncoder(const ModelFiles& files, runtime::Runtime& runtime)
    : files_(files),
      runtime_(runtime),
      semantic_tokens_([this](const std::vector<at::Tensor>& inputs) {
        return semantic().patch_tokens(inputs[0], {inputs[1], inputs[2]});
      }),
      residual_tokens_(
          [this](const std::vector<at::Tensor>& inputs) { return residual().forward(inputs[0]); }) {
  files_.require(Role::kEncoder);
}

models::DinoV3& ModelEncoder::semantic() {
  return semantic_.get([this] {
    auto model = load_role<models::DinoV3>(files_, Role::kEncoder, runtime_, encoder_config);
    runtime_.run(runtime::kLoading, [&] {
      for (models::DinoV3Block& block : model->blocks) block.attn.fold_bias_mask();
    });
    return model;
  });
}

models::ResidualVit& ModelEncoder::residual() {
  return residual_.get([this] {
    return load_role<models::ResidualVit>(files_, Role::kResidual, runtime_, residual_config);
  });
}

nn::RotaryTables ModelEncoder::rotary(const Grid& grid) {
  const std::lock_guard lock(mutex_);
  if (grid != grid_) {
    const int64_t patch = files_.card().patch;
    tables_ = semantic().rotary(grid.height * patch, grid.width * patch);
    grid_ = grid;
  }
  return tables_;
}

template <typename View>
Features ModelEncoder::encode_views(std::span<const View> images, FeatureKind kind,
                                    const ProgressFunction& progress) {
  const Grid grid = token_grid(images, files_.card().patch);
  const int64_t tokens = grid.tokens();
  const int64_t count = static_cast<int64_t>(images.size());
  const models::DinoV3* dino = kind == FeatureKind::kResidual ? nullptr : &semantic();
  const models::ResidualVit* vit = kind == FeatureKind::kSemantic ? nullptr : &residual();

  at::Tensor semantic_tokens, residual_tokens;
  runtime_.run([&] {
    const at::TensorOptions options = at::device(runtime_.torch_device()).dtype(at::kFloat);
    if (dino) semantic_tokens = at::empty({count, tokens, dino->config.width}, options);
    if (vit) residual_tokens = at::empty({count, tokens, vit->config.outputs}, options);
  });
  const auto encode_chunk = [&](int64_t first, int64_t size) {
    const at::Tensor pixels =
        uploaded_pixels(images.subspan(first, size), runtime_);  // (N, 3, H, W)
    if (dino) {
      const nn::RotaryTables tables = rotary(grid);
      semantic_tokens.narrow(0, first, size)
          .copy_(semantic_tokens_({pixels, tables.sin, tables.cos}));
    }
    if (vit) residual_tokens.narrow(0, first, size).copy_(residual_tokens_({pixels}));
  };
  if (!runtime_.for_each_chunk(runtime::kEncoding, count, progress, encode_chunk)) return {};

  Features features;
  if (dino) features.semantic = from_torch(semantic_tokens);
  if (vit) features.residual = from_torch(residual_tokens);
  return features;
}

Features ModelEncoder::encode(std::span<const ImageView> images, FeatureKind kind,
                              const ProgressFunction& progress) {
  return encode_views(images, kind, progress);
}

Features ModelEncoder::encode(std::span<const YcbcrView> images, FeatureKind kind,
                              const ProgressFunction& progress) {
  return encode_views(images, kind, progress);
}

}  // namespace svgen::engine
