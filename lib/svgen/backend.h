// SPDX-License-Identifier: MIT
// The interface of the library that computes, which libsvgen loads on first use.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "svgen/engine.h"
#include "svgen/evaluation.h"
#include "svgen/trainer.h"

namespace svgen {

class Backend {
 public:
  virtual ~Backend() = default;

  /// Returns the named device; for "auto" the first CUDA device, or the CPU when there is none.
  /// Throws DeviceError when the named one is missing.
  virtual Device resolve_device(const std::string& device) = 0;
  /// Returns the named dtype; for "auto" the first of `accepted` in which the device is faster than
  /// in float32, else float32. Throws ConfigurationError when the device cannot compute in it.
  virtual DType resolve_dtype(const std::string& dtype, Device device,
                              std::span<const DType> accepted) = 0;
  virtual std::shared_ptr<Engine> open_engine(const Card& card, Device device, DType dtype,
                                              bool follow_training) = 0;
  virtual std::unique_ptr<StatisticsRecorder> create_statistics_recorder() = 0;
  virtual std::unique_ptr<PictureFeatures> open_inception(const std::filesystem::path& weights) = 0;
  virtual std::unique_ptr<PerceptualDistance> open_perceptual_distance(
      const std::filesystem::path& weights) = 0;
  virtual std::unique_ptr<FeatureSet> create_feature_set(int64_t kept) = 0;
  virtual std::unique_ptr<FeatureSet> create_feature_part() = 0;
  virtual std::unique_ptr<FeatureSet> join_feature_parts(
      int64_t kept, std::span<const std::filesystem::path> parts) = 0;
  virtual SetDistance set_distance(const FeatureSet& reference, const FeatureSet& test,
                                   int64_t neighbours) = 0;
  virtual ProbeResult probe(const FeatureSet& reference, const FeatureSet& test,
                            const ProbeOptions& options) = 0;
  virtual std::unique_ptr<AutoencoderTrainer> open_trainer(const AutoencoderOptions& options) = 0;
  virtual std::unique_ptr<DiffusionTrainer> open_trainer(const DiffusionOptions& options) = 0;
  virtual std::unique_ptr<EncoderTrainer> open_trainer(const EncoderOptions& options) = 0;
  virtual std::unique_ptr<TrainingFollower> create_follower(std::shared_ptr<Engine> engine,
                                                            ModelPart part) = 0;
  virtual Tensor read_tensor(const std::filesystem::path& file, const std::string& name) = 0;
  virtual Tensor copy_to_host(const Tensor& tensor) = 0;
  virtual std::string describe_weights(const std::filesystem::path& file) = 0;
  virtual void set_num_threads(int threads) = 0;
};

/// To be raised whenever a change of this header, engine.h, evaluation.h or trainer.h breaks
/// backends that are already compiled.
inline constexpr int kBackendVersion = 9;

/// Returns the backend of libsvgen-torch.so, which the first call loads: the file that
/// SVGEN_BACKEND names, else the one beside libsvgen.so or in the build tree's lib/backend.
/// Thread-safe. Throws DeviceError that says what failed and what to do.
Backend& backend();

/// The function that the backend library exports as "svgen_backend". Returns its one instance, or
/// null when it was built for another version. Throws DeviceError when it was built for another
/// LibTorch.
using BackendEntry = Backend* (*)(int version);

}  // namespace svgen
