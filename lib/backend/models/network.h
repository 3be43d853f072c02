// SPDX-License-Identifier: MIT
// The protocols through which generic code uses a network: two between pixels and latents, and the
// denoiser that a sampler integrates.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "nn/state.h"

namespace svgen::models {

class Network {
 public:
  virtual ~Network() = default;

  /// Lists the tensors under the names of the network's spelling.
  virtual void visit(const nn::StateScope& state) = 0;
  /// Called once when the tensors of a file are in place, for inference.
  virtual void prepare() {}
};

/// Pixels to features.
class FeatureEncoder : public Network {
 public:
  virtual int64_t channels() const = 0;
  /// Tensors that depend on nothing but the size of the pictures, in pixels; computed once a size.
  virtual std::vector<at::Tensor> tables(int64_t /*height*/, int64_t /*width*/) const { return {}; }
  /// Normalised pixels (N, 3, H, W) and the tables of their size -> (N, T, channels), cells in
  /// rows.
  virtual at::Tensor features(const at::Tensor& pixels, at::TensorList tables) const = 0;
};

/// Latents to pixels.
class PixelDecoder : public Network {
 public:
  virtual int64_t channels() const = 0;  // C of the latent
  /// (N, C, h, w) -> (N, 3, H, W), nominally in [-1, 1], not clamped.
  virtual at::Tensor pixels(const at::Tensor& latents) const = 0;
};

/// The velocity field of a generative model. Whatever a network was trained to predict, and
/// whichever way its time runs, this is dx/dt of the path from noise (t = 0) to data (t = 1).
class Denoiser : public Network {
 public:
  virtual int64_t channels() const = 0;  // C of the latent
  virtual int64_t cells() const = 0;     // T of the latent
  virtual int64_t classes() const = 0;   // label `classes` is the null class
  /// The dtype of the weights.
  virtual at::ScalarType dtype() const = 0;
  virtual at::Device device() const = 0;

  /// Computes the part of a pass that depends only on times (N) float32 and labels (N) int64, (N,
  /// K).
  virtual at::Tensor conditioning(const at::Tensor& t, const at::Tensor& y) const = 0;
  /// Velocity (N, T, C) of x (N, T, C) under a conditioning. Inputs are not checked.
  virtual at::Tensor velocity(const at::Tensor& x, const at::Tensor& conditioning) const = 0;
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const {
    return velocity(x, conditioning(t, y));
  }
};

}  // namespace svgen::models
