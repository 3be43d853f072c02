// SPDX-License-Identifier: MIT
// The run that all trainings share: the groups of parameters with their optimizers, the average,
// counting, agreement between processes, checkpoints.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "svgen/trainer.h"
#include "train/checkpoint.h"
#include "train/flat_parameters.h"
#include "train/metrics.h"
#include "train/optimizer.h"
#include "train/processes.h"
#include "train/trained_weights.h"

namespace svgen::train {

/// Networks that one optimizer trains.
struct ParameterGroup {
  ParameterGroup(std::string group_name, const Visit& visit, at::Device device,
                 const OptimizerConfig& config)
      : name(std::move(group_name)), parameters(visit, device), optimizer(parameters, config) {}

  std::string name;
  FlatParameters parameters;
  Optimizer optimizer;
};

class TrainingRun {
 public:
  /// `kind` is written into checkpoints. Joins the launch and locks the checkpoint folder.
  TrainingRun(std::string kind, const TrainerOptions& options, at::Device device);

  /// The optimizer's settings that the options determine.
  OptimizerConfig optimizer_config() const;

  /// The first group added is the exported one, averaged by the EMA. All before begin().
  ParameterGroup& add_group(const std::string& name, const Visit& visit,
                            const OptimizerConfig& config);
  /// Tensors that change without an optimizer (running statistics); saved in checkpoints.
  void add_buffers(const NamedTensors& buffers);
  /// Tensors that never change but belong into the export.
  void add_exported(const NamedTensors& constants);
  /// Exports only the parameters whose names begin with the prefix, and leaves it out of the names.
  void set_export_prefix(std::string prefix) { export_prefix_ = std::move(prefix); }
  /// Text of the card that goes beside the export.
  void set_card(std::string card) { card_ = std::move(card); }
  /// Hands the export to those who follow the training.
  void publish_to(std::shared_ptr<TrainedWeights> weights) { published_ = std::move(weights); }
  ~TrainingRun();

  /// Resumes when the options ask for it and there is a checkpoint, and sets checkpoints of an
  /// earlier training aside when they do not; then all processes continue
  /// from rank 0's state.
  void begin();

  ParameterGroup& exported_group() { return groups_.front(); }
  const Processes& processes() const { return *processes_; }
  const Ema& ema() const { return *ema_; }
  int64_t step() const { return facts_.step; }
  /// Returns the share of one micro-batch in a step's gradients.
  double share() const { return 1.0 / static_cast<double>(options_.accumulate); }

  /// Whether all processes have a batch (each says so for itself) and steps are left. Once false
  /// it stays so.
  bool agree(bool has_batch);

  /// Counts a micro-batch whose gradients were added; updates the weights when it completes a step.
  /// ConfigurationError, after saving, when a number is not finite.
  TrainReport complete_batch(std::span<const int64_t> indices, const Metrics& metrics,
                             double seconds);

  TrainReport report() const;
  std::filesystem::path save();

 private:
  NamedTensors state() const;
  /// The exported tensors, views on the average and the constants.
  NamedTensors exported() const;
  void change_weights(const std::vector<double>& norms);
  Metrics average_over_processes(const Metrics& metrics, std::span<const int64_t> indices);
  void update();
  [[noreturn]] void stop_on_bad_number(const std::string& name, std::span<const int64_t> indices);

  TrainerOptions options_;
  at::Device device_;
  std::shared_ptr<Processes> processes_;
  std::optional<CheckpointFolder> folder_;
  std::deque<ParameterGroup> groups_;  // stay where they are
  std::vector<at::Tensor> buffers_;
  NamedTensors settled_buffers_;  // as they were after the last step
  NamedTensors exported_;
  std::optional<Ema> ema_;
  std::string card_, export_prefix_;
  std::filesystem::path set_aside_;
  std::shared_ptr<TrainedWeights> published_;
  CheckpointFacts facts_;
  int64_t saved_step_ = -1, accumulated_ = 0, next_index_ = 0, images_ = 0;
  double seconds_ = 0;
  Metrics metrics_;  // of the step so far
  bool ended_ = false;
};

}  // namespace svgen::train
