// SPDX-License-Identifier: MIT
// The protocols through which generic code uses a network: two between pixels and latents, and the
// denoiser that a sampler integrates.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "nn/state.h"
#include "svgen/card.h"

namespace svgen::models {

class Network {
 public:
  virtual ~Network() = default;

  /// Lists the tensors under the names of the network's spelling.
  virtual void visit(const nn::StateScope& state) = 0;
  /// Called once when the tensors of a file are in place, for inference: before they are packed and
  /// moved to their device, and then behind that.
  virtual void arrange() {}
  virtual void prepare() {}
};

/// Pixels as a network takes them: (level / 255 - mean) / std of R, G and B.
struct PixelScale {
  std::array<float, 3> mean, std;

  bool operator==(const PixelScale&) const = default;
};

inline constexpr PixelScale kImageNetScale = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
inline constexpr PixelScale kSignedScale = {{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};  // -1 .. 1

/// Pixels to features.
class FeatureEncoder : public Network {
 public:
  virtual int64_t channels() const = 0;
  virtual PixelScale pixel_scale() const { return kImageNetScale; }
  /// Whether the features are the moments of a Gaussian for each cell: its means, then the
  /// logarithms of its variances, `channels` of each.
  virtual bool is_gaussian() const { return false; }
  /// Tensors that depend on nothing but the size of the pictures, in pixels; computed once a size.
  virtual std::vector<at::Tensor> tables(int64_t /*height*/, int64_t /*width*/) const { return {}; }
  /// Scaled pixels (N, 3, H, W) and the tables of their size -> (N, T, channels), cells in rows; of
  /// a Gaussian (N, T, 2 channels).
  virtual at::Tensor features(const at::Tensor& pixels, at::TensorList tables) const = 0;
};

/// Latents to pixels.
class PixelDecoder : public Network {
 public:
  virtual int64_t channels() const = 0;  // C of the latent
  /// (N, C, h, w) -> (N, 3, H, W), nominally in [-1, 1], not clamped.
  virtual at::Tensor pixels(const at::Tensor& latents) const = 0;
};

/// The tokens that go through the blocks of a transformer: `depth` blocks, (N, T', width) before
/// and behind each, T' = grid.cells().
struct TokenStream {
  int64_t depth = 0, width = 0;
  Grid grid;
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

  /// The state that is integrated, of noise (N, T, C), and the latent in a state: the same but for
  /// networks that carry more along.
  virtual at::Tensor start(const at::Tensor& noise) const { return noise; }
  virtual at::Tensor latent(const at::Tensor& state) const { return state; }
  /// Whether a latent is all of the state, so that one can start from it.
  virtual bool starts_from_latents() const { return true; }
  /// Computes the part of a pass that depends only on times (N) float32 and labels (N) int64, (N,
  /// K).
  virtual at::Tensor conditioning(const at::Tensor& t, const at::Tensor& y) const = 0;
  /// Velocity (N, T, C) of x (N, T, C) under a conditioning. Inputs are not checked.
  virtual at::Tensor velocity(const at::Tensor& x, const at::Tensor& conditioning) const = 0;
  /// What the network itself predicts, (N, T, C) or more channels: for the processes of networks
  /// that predict no velocity.
  virtual at::Tensor prediction(const at::Tensor& x, const at::Tensor& conditioning) const {
    return velocity(x, conditioning);
  }
  /// What the velocity at (x, t) should be in training, of data (N, T, C) and the path's velocity:
  /// of a network that divides by the time that is left, with its limit.
  virtual at::Tensor target(const at::Tensor& /*data*/, const at::Tensor& /*x*/,
                            const at::Tensor& /*t*/, const at::Tensor& velocity) const {
    return velocity;
  }
  /// The tokens of a network that has one stream of them; depth 0 of any other.
  virtual TokenStream token_stream() const { return {}; }
  /// The velocity, and the tokens (N, T', width) behind the first `depth` blocks, 1 or more.
  virtual std::pair<at::Tensor, at::Tensor> velocity_and_tokens(const at::Tensor& x,
                                                                const at::Tensor& conditioning,
                                                                int64_t /*depth*/) const {
    return {velocity(x, conditioning), {}};
  }
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const {
    return velocity(x, conditioning(t, y));
  }
};

}  // namespace svgen::models
