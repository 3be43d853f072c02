// SPDX-License-Identifier: MIT
// One model on one device in one precision: encoder, aligner, sampler and decoder.
//
// Shapes: N images, T = grid tokens (row-major), C channels. All of them may be called from several
// threads at once. Every call computes image i from image i alone (except AlignmentMode::kBatch),
// so results do not depend on the batch they were computed in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "svgen/card.h"
#include "svgen/device.h"
#include "svgen/image.h"
#include "svgen/sample_request.h"
#include "svgen/statistics.h"
#include "svgen/tensor.h"
#include "svgen/ycbcr.h"

namespace svgen {

/// Says how far a call has come: images up to `image` of the batch have done `step` of `steps`.
struct Progress {
  int64_t image = 0, step = 0, steps = 1;
};

/// Is called between units of work, on the calling or a worker thread; returning false cancels.
using ProgressFunction = std::function<bool(const Progress&)>;

enum class FeatureKind { kBoth, kSemantic, kResidual };

/// Says what to encode, and what to take of an encoder whose latents are Gaussian: their means, or
/// a sample that is a function of (seed, index).
struct EncodeOptions {
  // Not explicit: most callers choose features alone.
  EncodeOptions(FeatureKind features = FeatureKind::kBoth) : kind(features) {}  // NOLINT

  FeatureKind kind;
  bool samples = false;
  uint64_t seed = 0;
  std::vector<int64_t> indices;  // of the images; needed for samples
};

struct Features {
  Tensor semantic;  // (N, T, semantic_channels) float32
  Tensor residual;  // (N, T, residual_channels) float32, before alignment
};

class Encoder {
 public:
  virtual ~Encoder() = default;

  /// Takes images of one size, height and width multiples of the patch (ShapeError otherwise).
  /// Features that were not asked for or that the model lacks, and all after a cancel, stay
  /// undefined.
  virtual Features encode(std::span<const ImageView> images, const EncodeOptions& options,
                          const ProgressFunction& progress = {}) = 0;
  /// Encodes Y'CbCr pictures by their R'G'B' levels, with colour interpolated linearly.
  virtual Features encode(std::span<const YcbcrView> images, const EncodeOptions& options,
                          const ProgressFunction& progress = {}) = 0;
};

/// Chooses the scalars of (r - m_r) / (s_r + 1e-6) s_s + m_s for residual features r, the averages
/// over channels of mean and deviation: kAuto takes the card's or else the picture's, kFixed the
/// card's, kFrame the picture's, kBatch the batch's, as published; kNone leaves r as it is.
enum class AlignmentMode { kAuto, kFixed, kFrame, kBatch, kNone };

class Aligner {
 public:
  virtual ~Aligner() = default;

  /// Concatenates semantic and aligned residual features: (N, T, Cs), (N, T, Cr) -> (N, T, Cs+Cr),
  /// then per channel (z - mean) / std when `normalize`. Throws ConfigurationError when the card
  /// lacks the scalars or statistics that this needs.
  virtual Tensor align(const Tensor& semantic, const Tensor& residual, AlignmentMode mode,
                       bool normalize) = 0;
};

class Sampler {
 public:
  virtual ~Sampler() = default;

  /// Returns (N, T, C) latents, float32 but for those of a source that is not changed. When
  /// `progress` cancelled: those that were finished, from the first on; undefined where none was.
  /// ConfigurationError for a source, unless all is noise, where the network carries more along
  /// than the latent.
  virtual Tensor sample(const SampleRequest& request, const ProgressFunction& progress = {}) = 0;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Decodes (N, T, C) latents of any float dtype into (N, 3, H, W) float32, nominally in [-1, 1],
  /// not clamped. `normalized` latents are multiplied by std and shifted by mean first.
  virtual Tensor decode(const Tensor& latents, Grid grid, bool normalized,
                        const ProgressFunction& progress = {}) = 0;

  /// Decodes into 8-bit pictures, floor(255 (x + 1) / 2 + 0.5) clamped, one view per image, each of
  /// grid * patch pixels. Returns false when `progress` cancelled.
  virtual bool decode_into(const Tensor& latents, Grid grid, bool normalized,
                           std::span<const MutableImageView> pictures,
                           const ProgressFunction& progress = {}) = 0;
  /// Does the same in Y'CbCr: a colour sample, centred in two by two pixels, is their mean.
  virtual bool decode_into(const Tensor& latents, Grid grid, bool normalized,
                           std::span<const MutableYcbcrView> pictures,
                           const ProgressFunction& progress = {}) = 0;
};

/// Holds what the card and the headers of its files say, without loading weights.
struct ModelInfo {
  int64_t semantic_channels = 0;  // 0: no encoder, and nothing to infer it from
  int64_t residual_channels = 0;  // 0 for a model without a residual branch
  int64_t latent_channels = 0;
  int64_t classes = 0;
  bool has_encoder = false, has_residual = false, has_sampler = false, has_decoder = false;
  bool has_statistics = false, has_alignment = false;
  bool is_gaussian = false;  // the encoder gives a posterior, of which one may take samples
};

/// Holds the counters for the `model-stats` property.
struct EngineCounters {
  uint64_t handle = 0;  // the same for everyone who shares the engine
  uint64_t bytes_loaded = 0;
  uint64_t bytes_copied = 0;  // between host and device, and into layouts a caller asked for
  double seconds_loading = 0, seconds_encoding = 0, seconds_sampling = 0, seconds_decoding = 0;
  uint64_t images_encoded = 0, images_sampled = 0, images_decoded = 0;
};

struct EngineOptions {
  std::string model;  // card path, directory holding one, registered name; empty: embedded
  std::string device = "auto";  // auto, cpu, cuda, cuda:N; one that is missing is an error
  std::string dtype = "auto";   // auto, float32, bfloat16, float16
  /// For an engine that a TrainingFollower (trainer.h) keeps up to date: it is not shared, and a
  /// sampler or decoder without weights waits for replace_weights().
  bool follow_training = false;

  friend bool operator==(const EngineOptions&, const EngineOptions&) = default;
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// Returns the engine for a card, device and dtype. All callers in the process that ask for the
  /// same one share it while any of them holds it, unless it follows a training. Reads only the
  /// headers of files; weights are loaded at first use.
  static std::shared_ptr<Engine> open(const EngineOptions& options);

  virtual const Card& card() const = 0;
  virtual const ModelInfo& info() const = 0;
  virtual const LatentSpec& latent() const = 0;
  virtual Device device() const = 0;
  virtual DType dtype() const = 0;
  virtual EngineCounters counters() const = 0;

  // Each loads its tensors once, at the first use. Throws ConfigurationError when the card has no
  // such part, WeightsError with everything that is wrong in a file.
  virtual Encoder& encoder() = 0;
  virtual Aligner& aligner() = 0;
  virtual Sampler& sampler() = 0;
  virtual Decoder& decoder() = 0;

  /// Returns whether a part of the model has weights, its own or replaced ones.
  virtual bool has_weights(ModelPart part) = 0;
  /// Replaces the weights of a network in all later calls, whoever shares the engine. Names are
  /// those in a weights file of the part alone, without prefix. Replaces all or none: throws
  /// WeightsError with everything that does not fit, ConfigurationError for the statistics.
  virtual void replace_weights(ModelPart part, std::span<const NamedTensor> tensors) = 0;
};

/// Reads a tensor of a safetensors file to the host. Throws IoError; WeightsError when absent.
Tensor read_tensor(const std::filesystem::path& safetensors, const std::string& name);

/// Returns the tensor itself when it is on the host, else a copy. Throws DeviceError on failure.
Tensor to_host(const Tensor& tensor);

/// Lists what `weights-ls` shows: tensors, shapes, dtypes, family, what is missing or surplus.
std::string describe_weights(const std::filesystem::path& file);

/// Sets with how many threads the backend computes on a CPU (default: LibTorch's choice).
void set_num_threads(int threads);

}  // namespace svgen
