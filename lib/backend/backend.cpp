// SPDX-License-Identifier: MIT
// The entry of the compute library.
#include "svgen/backend.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <type_traits>

#include "engine/engine.h"
#include "engine/recorder.h"
#include "eval/inception_features.h"
#include "eval/lpips_distance.h"
#include "eval/probe.h"
#include "eval/set_distance.h"
#include "interop/tensor.h"
#include "runtime/devices.h"
#include "runtime/fork_guard.h"
#include "runtime/torch_version.h"
#include "runtime/worker.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "systems/files.h"
#include "systems/system.h"
#include "train/autoencoder_trainer.h"
#include "train/diffusion_trainer.h"
#include "train/encoder_trainer.h"
#include "train/training_follower.h"
#include "weights/describe.h"
#include "weights/state_source.h"

namespace svgen {
namespace {

class TorchBackend : public Backend {
 public:
  // Asked before anything is locked that a thread of the parent may have held.
  Device resolve_device(const std::string& device) override {
    runtime::refuse_forked();
    return runtime::resolve_device(device);
  }

  DType resolve_dtype(const std::string& dtype, Device device,
                      std::span<const DType> accepted) override {
    return runtime::resolve_dtype(dtype, device, accepted);
  }

  std::shared_ptr<Engine> open_engine(const Card& card, Device device, DType dtype,
                                      bool follow_training) override {
    // float32 means float32: shortened products of a GPU would cost three decimal digits.
    if (!device.is_cpu()) at::globalContext().setAllowTF32CuDNN(false);
    return std::make_shared<engine::ModelEngine>(card, device, dtype, follow_training);
  }

  std::unique_ptr<StatisticsRecorder> create_statistics_recorder() override {
    return std::make_unique<engine::SumsRecorder>();
  }

  std::unique_ptr<PerceptualDistance> open_perceptual_distance(
      const std::filesystem::path& weights) override {
    return std::make_unique<eval::LpipsDistance>(weights);
  }

  std::unique_ptr<PictureFeatures> open_inception(const std::filesystem::path& weights) override {
    return std::make_unique<eval::InceptionFeatures>(weights);
  }

  std::unique_ptr<FeatureSet> create_feature_set(int64_t kept) override {
    return std::make_unique<eval::PooledFeatures>(kept);
  }

  std::unique_ptr<FeatureSet> create_feature_part() override {
    return std::make_unique<eval::FeaturePart>();
  }

  std::unique_ptr<FeatureSet> join_feature_parts(
      int64_t kept, std::span<const std::filesystem::path> parts) override {
    return on_worker(
        [&]() -> std::unique_ptr<FeatureSet> { return eval::join_parts(kept, parts); });
  }

  SetDistance set_distance(const FeatureSet& reference, const FeatureSet& test,
                           int64_t neighbours) override {
    return on_worker(
        [&] { return eval::set_distance(pooled(reference), pooled(test), neighbours); });
  }

  ProbeResult probe(const FeatureSet& reference, const FeatureSet& test,
                    const ProbeOptions& options) override {
    return on_worker([&] { return eval::probe(pooled(reference), pooled(test), options); });
  }

  std::unique_ptr<AutoencoderTrainer> open_trainer(const AutoencoderOptions& options) override {
    return open<train::ModelAutoencoderTrainer>(options);
  }
  std::unique_ptr<DiffusionTrainer> open_trainer(const DiffusionOptions& options) override {
    return open<train::ModelDiffusionTrainer>(options);
  }
  std::unique_ptr<EncoderTrainer> open_trainer(const EncoderOptions& options) override {
    return open<train::ModelEncoderTrainer>(options);
  }

  std::unique_ptr<TrainingFollower> create_follower(std::shared_ptr<Engine> engine,
                                                    ModelPart part) override {
    return std::make_unique<train::ModelFollower>(std::move(engine), part);
  }

  Tensor read_tensor(const std::filesystem::path& file, const std::string& name) override {
    return from_torch(on_worker([&] { return weights::open_weights(file)->read(name).clone(); }));
  }

  Tensor copy_to_host(const Tensor& tensor) override {
    return from_torch(on_worker([&] { return to_torch(tensor).to(at::kCPU); }));
  }

  std::string describe_weights(const std::filesystem::path& file) override {
    return weights::describe_weights(file, systems::file_layouts());
  }

  // The number belongs to the thread that computes.
  void set_num_threads(int threads) override {
    if (threads < 1) {
      throw ConfigurationError(
          "a team needs one thread at least",
          {.expected = "1 or more", .found = std::to_string(threads), .where = "threads"});
    }
    runtime::Worker::instance().run([&] { at::set_num_threads(threads); });
  }

 private:
  // A thread that computes keeps helpers, and where there are more of them than processors they
  // wait asleep, everywhere.
  template <typename Make>
  static std::invoke_result_t<const Make&> on_worker(const Make& make) {
    std::invoke_result_t<const Make&> made;
    runtime::Worker::instance().run([&] { made = make(); });
    return made;
  }

  // All sets are made here.
  static const eval::PooledFeatures& pooled(const FeatureSet& set) {
    return static_cast<const eval::PooledFeatures&>(set);
  }

  template <typename Trainer, typename Options>
  std::unique_ptr<Trainer> open(const Options& options) {
    const Device device = resolve_device(options.model.device);
    return std::make_unique<Trainer>(options, Card::load(find_card(options.model.model)), device,
                                     resolve_dtype(options.model.dtype, device, {}));
  }
};

}  // namespace
}  // namespace svgen

extern "C" __attribute__((visibility("default"))) svgen::Backend* svgen_backend(int version) {
  static svgen::TorchBackend& instance = *new svgen::TorchBackend;
  if (version == svgen::kBackendVersion) svgen::runtime::check_torch_version();
  return version == svgen::kBackendVersion ? &instance : nullptr;
}
