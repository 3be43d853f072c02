// SPDX-License-Identifier: MIT
// The run that all trainings share.
#include "train/training_run.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "svgen/error.h"
#include "svgen/text.h"
#include "weights/memory_source.h"

namespace svgen::train {
namespace {

std::string options_json(const TrainerOptions& o) {
  return nlohmann::ordered_json{
      {"learning-rate", o.learning_rate}, {"ema-decay", o.ema_decay},
      {"accumulate", o.accumulate},       {"warmup-steps", o.warmup_steps},
      {"final-rate", o.final_rate},       {"clip-norm", o.clip_norm}}
      .dump();
}

void append(NamedTensors& to, const std::string& prefix, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) to.emplace_back(prefix + name, tensor);
}

std::string listing(std::span<const int64_t> indices) {
  return joined(
      indices, " ", [](int64_t index) { return std::to_string(index); });
}

}  // namespace

TrainingRun::TrainingRun(std::string kind, const TrainerOptions& options, at::Device device)
    : options_(options), device_(device), processes_(Processes::join(device)) {
  facts_.kind = std::move(kind);
  facts_.seed = options.seed;
  facts_.options = options_json(options);
  if (!options.checkpoint.empty() && processes_->writes()) folder_.emplace(options.checkpoint);
}

OptimizerConfig TrainingRun::optimizer_config() const {
  return {.learning_rate = options_.learning_rate,
          .warmup_steps = options_.warmup_steps,
          .final_rate = options_.final_rate,
          .last_step = options_.max_steps,
          .clip_norm = options_.clip_norm};
}

ParameterGroup& TrainingRun::add_group(const std::string& name, const Visit& visit,
                                       const OptimizerConfig& config) {
  ParameterGroup& group = groups_.emplace_back(name, visit, device_, config);
  if (!ema_) ema_.emplace(group.parameters, options_.ema_decay);
  return group;
}

void TrainingRun::add_buffers(const NamedTensors& buffers) {
  for (const auto& [name, tensor] : buffers) {
    buffers_.push_back(tensor);
    settled_buffers_.emplace_back(name, tensor.clone());
  }
}

void TrainingRun::add_exported(const NamedTensors& constants) {
  append(exported_, "", constants);
}

NamedTensors TrainingRun::state() const {
  NamedTensors all;
  for (const ParameterGroup& group : groups_) {
    const FlatParameters& p = group.parameters;
    append(all, group.name + ".weights.", p.named(p.values()));
    append(all, group.name + ".adam_mean.", p.named(group.optimizer.mean()));
    append(all, group.name + ".adam_square.", p.named(group.optimizer.square()));
  }
  if (ema_->averages()) append(all, "ema.", groups_.front().parameters.named(ema_->values()));
  append(all, "buffers.", settled_buffers_);
  return all;
}

NamedTensors TrainingRun::exported() const {
  NamedTensors all;
  for (auto& [name, tensor] : groups_.front().parameters.named(ema_->values()))
    if (name.starts_with(export_prefix_))
      all.emplace_back(name.substr(export_prefix_.size()), std::move(tensor));
  append(all, "", exported_);
  return all;
}

void TrainingRun::begin() {
  const at::NoGradGuard no_grad;
  // They would be counted among the new ones, and the oldest removed.
  if (folder_ && !options_.resume) set_aside_ = folder_->set_aside();
  const auto last = options_.resume && !options_.checkpoint.empty() && processes_->writes()
                        ? last_checkpoint(options_.checkpoint)
                        : std::nullopt;
  if (last) {
    const CheckpointFacts found = read_facts(*last);
    if (found.kind != facts_.kind || found.seed != facts_.seed) {
      throw ConfigurationError(
          "the checkpoint belongs to another training: use its kind and seed, or another folder",
          {.expected = facts_.kind + " with seed " + std::to_string(facts_.seed),
           .found = found.kind + " with seed " + std::to_string(found.seed),
           .where = last->string()});
    }
    read_state(*last, state());
    facts_.step = saved_step_ = found.step;
    facts_.next_index = found.next_index;
  }
  at::Tensor counters = at::empty({3}, at::kLong);
  int64_t* values = counters.mutable_data_ptr<int64_t>();
  values[0] = facts_.step;
  values[1] = facts_.next_index;
  values[2] = saved_step_;
  processes_->broadcast(counters);
  facts_.step = values[0];
  facts_.next_index = next_index_ = values[1];
  saved_step_ = values[2];
  for (const auto& [name, tensor] : processes_->alone() ? NamedTensors{} : state()) {
    at::Tensor shared = tensor;
    processes_->broadcast(shared);
  }
  for (ParameterGroup& group : groups_) group.optimizer.restore_steps(facts_.step);
  for (size_t i = 0; i < buffers_.size(); ++i) buffers_[i].copy_(settled_buffers_[i].second);
  if (published_ == nullptr) return;
  published_->open(facts_.step, [this] {
    const at::NoGradGuard copying;
    NamedTensors copies = exported();
    for (auto& [name, tensor] : copies) tensor = tensor.clone();
    return weights::memory_source(options_.model.model, std::move(copies));
  });
}

TrainingRun::~TrainingRun() {
  if (published_ != nullptr) published_->close(/*followed=*/published_.use_count() > 1);
}

bool TrainingRun::agree(bool has_batch) {
  if (ended_) return false;
  at::Tensor ready = at::full({1}, has_batch ? 1.0 : 0.0, at::kFloat);
  processes_->sum(ready);
  const bool all = ready.item<float>() > static_cast<float>(processes_->world()) - 0.5f;
  const bool over = options_.max_steps >= 0 && facts_.step >= options_.max_steps;
  ended_ = !all || over;
  return !ended_;
}

// Also takes the largest index and the images of all processes.
Metrics TrainingRun::average_over_processes(const Metrics& metrics,
                                            std::span<const int64_t> indices) {
  const auto width = static_cast<int64_t>(metrics.size()) + 2;
  at::Tensor row = at::empty({1, width}, at::kDouble);
  double* values = row.mutable_data_ptr<double>();
  for (size_t i = 0; i < metrics.size(); ++i) values[i] = metrics[i].second;
  values[width - 2] = static_cast<double>(indices.back() + 1);
  values[width - 1] = static_cast<double>(indices.size());
  const at::Tensor rows = processes_->gather(row);  // (processes, width)
  next_index_ =
      std::max(next_index_, static_cast<int64_t>(rows.select(1, width - 2).max().item<double>()));
  images_ += static_cast<int64_t>(rows.select(1, width - 1).sum().item<double>());
  const at::Tensor means = rows.mean(0).contiguous();
  Metrics averaged = metrics;
  for (size_t i = 0; i < metrics.size(); ++i)
    averaged[i].second = means.const_data_ptr<double>()[i];
  return averaged;
}

void TrainingRun::stop_on_bad_number(const std::string& name, std::span<const int64_t> indices) {
  save();
  const auto saved = folder_ ? last_checkpoint(options_.checkpoint) : std::nullopt;
  throw ConfigurationError(
      "training met a number that is not finite in step " + std::to_string(facts_.step + 1) +
          ": look at these images, lower learning-rate, or set clip-norm" +
          (saved ? "; the state before it is saved in " + saved->string() : ""),
      {.expected = "finite numbers",
       .found = name + " is not, images " + listing(indices),
       .where = "training"});
}

void TrainingRun::update() {
  for (ParameterGroup& group : groups_) {
    at::Tensor gradients = group.parameters.gradients();
    processes_->average(gradients);
  }
  std::vector<double> norms;
  for (const ParameterGroup& group : groups_) norms.push_back(group.optimizer.gradient_norm());
  for (size_t i = 0; i < norms.size(); ++i)
    metrics_.emplace_back(i == 0 ? "gradient_norm" : groups_[i].name + "_gradient_norm", norms[i]);
  if (!std::all_of(norms.begin(), norms.end(), [](double x) { return std::isfinite(x); })) return;
  change_weights(norms);
}

void TrainingRun::change_weights(const std::vector<double>& norms) {
  std::optional<TrainedWeights::Change> announced;
  if (published_ != nullptr) announced.emplace(*published_, facts_.step + 1);
  for (size_t i = 0; i < norms.size(); ++i) groups_[i].optimizer.step(norms[i]);
  const at::NoGradGuard no_grad;
  ema_->update();
  for (size_t i = 0; i < buffers_.size(); ++i) settled_buffers_[i].second.copy_(buffers_[i]);
}

TrainReport TrainingRun::complete_batch(std::span<const int64_t> indices, const Metrics& metrics,
                                        double seconds) {
  const Metrics averaged = average_over_processes(metrics, indices);
  if (accumulated_ == 0) metrics_.clear();
  for (size_t i = 0; i < averaged.size(); ++i) {
    if (accumulated_ == 0) metrics_.emplace_back(averaged[i].first, 0);
    metrics_[i].second += averaged[i].second * share();
    if (!std::isfinite(averaged[i].second)) stop_on_bad_number(averaged[i].first, indices);
  }
  seconds_ += seconds;
  if (++accumulated_ < options_.accumulate) return report();
  update();
  for (const auto& [name, value] : metrics_)
    if (!std::isfinite(value)) stop_on_bad_number(name, indices);
  accumulated_ = 0;
  ++facts_.step;
  facts_.next_index = next_index_;
  TrainReport done = report();
  done.stepped = true;
  if (facts_.step % options_.checkpoint_interval == 0 || done.finished) done.saved = save();
  return done;
}

TrainReport TrainingRun::report() const {
  TrainReport now;
  now.step = facts_.step;
  now.next_index = facts_.next_index;
  now.finished = ended_ || (options_.max_steps >= 0 && facts_.step >= options_.max_steps);
  now.seconds = seconds_;
  now.images = images_;
  now.metrics = metrics_;
  now.set_aside = set_aside_;
  return now;
}

std::filesystem::path TrainingRun::save() {
  if (!folder_ || facts_.step == saved_step_ || facts_.step == 0) return {};
  const std::filesystem::path saved =
      folder_->save({facts_, state(), exported(), card_}, options_.checkpoints_kept);
  saved_step_ = facts_.step;
  return saved;
}

}  // namespace svgen::train
