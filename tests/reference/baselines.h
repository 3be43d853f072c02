// SPDX-License-Identifier: MIT
// The comparison systems of the parity tests: tiny networks with weights by the fill rule, written
// to a file in their published spelling and read back as any other file.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "diffusion/integration.h"
#include "engine/load_network.h"
#include "models/dit/dit.h"
#include "nn/sine_cosine.h"
#include "reference/parity.h"
#include "systems/files.h"
#include "systems/system.h"
#include "weights/load.h"
#include "weights/network_source.h"
#include "weights/safetensors.h"

namespace svgen::parity {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// The part of baselines.json about a system: "config", "state_dict", "cases".
inline const nlohmann::json& baseline(const std::string& system) {
  return json_file("baselines/baselines.json").at(system);
}

/// Ten times what single precision may deviate, and 1e-5 at least.
inline double tolerance_of(const std::string& system, const std::string& name) {
  return std::max(1e-5, 10 * baseline(system).at("cases").at(name).at("deviation").get<double>());
}

/// The tensors of a state dict {name: shape} by the fill rule, but for those in `given`.
inline NamedTensors formula_state(const nlohmann::json& state_dict, const NamedTensors& given) {
  NamedTensors tensors = given;
  for (const auto& [name, shape] : state_dict.items()) {
    const auto is_given = [&](const auto& pair) { return pair.first == name; };
    if (std::none_of(given.begin(), given.end(), is_given))
      tensors.emplace_back(name, hash_weight(name, shape.get<std::vector<int64_t>>()));
  }
  return tensors;
}

/// Writes the tensors into the test's temporary folder.
inline std::filesystem::path written(const std::string& name, const NamedTensors& tensors) {
  std::filesystem::path file = std::filesystem::path(testing::TempDir()) / name;
  weights::write_safetensors(file, tensors);
  return file;
}

inline std::shared_ptr<weights::StateSource> open_spelled(const std::filesystem::path& file,
                                                          const weights::Spelling& spelling) {
  static const weights::FileLayout none = {"", {}};
  return weights::open_network(file, spelling, "", none);
}

/// Loads a network as an engine does on a CPU: arranged and packed.
inline void load_for_inference(models::Network& network, const weights::StateSource& source,
                               DType dtype = DType::kFloat32) {
  runtime::Runtime runtime(Device{}, dtype);
  engine::load_weights(network, source, runtime);
}

/// (N, C, h, w) as published <-> (N, h w, C).
inline at::Tensor as_cells(const at::Tensor& map) {
  return map.flatten(2).transpose(1, 2).contiguous();
}
inline at::Tensor as_published(const at::Tensor& cells, int64_t side) {
  return cells.transpose(1, 2).reshape({cells.size(0), cells.size(2), side, side});
}

/// Integrates from the hash noise "input.noise" of shape (N, C, side, side), labels 3, 7, with step
/// noise "noise.step.k". `start`: the state to begin with, in place of that noise.
at::Tensor sampled(const models::Denoiser& model, int64_t side, const SamplingOptions& options,
                   const diffusion::Process& process = {}, int64_t images = 2,
                   const at::Tensor& start = {});

inline Card card_of(const std::string& system, const nlohmann::json& config) {
  const int64_t side = config.at("input_size"), patch = config.value("patch_size", 1);
  Card card;
  card.system = system;
  card.grid = {side, side};
  card.diffusion = DiffusionConfig{};
  const bool has_head = config.at("num_heads").is_array();
  card.diffusion->heads = has_head ? config.at("num_heads")[0] : config.at("num_heads");
  if (has_head) card.diffusion->head_heads = config.at("num_heads")[1];
  card.diffusion->context_start = config.value("in_context_start", 0);
  card.diffusion->patch = patch;
  return card;
}

/// A tiny network of a system, read from a file in its published spelling.
class Baseline {
 public:
  // `numbers` names the part of baselines.json whose sizes and tensors these are.
  Baseline(const std::string& system, const std::string& numbers, DType dtype = DType::kFloat32,
           const NamedTensors& given = {}, nlohmann::json state = {},
           std::optional<bool> rotary = {})
      : config_(baseline(numbers).at("config")), card_(card_of(system, config_)) {
    if (state.is_null()) state = baseline(numbers).at("state_dict");
    const int64_t tokens = side() / card_.diffusion->patch;
    card_.diffusion->rotary = rotary;
    const nlohmann::json& width = config_.at("hidden_size");
    at::Tensor table = nn::position_table(tokens, tokens, width.is_array() ? width[0] : width);
    // RiT's has a row of zeros for the class vector in front.
    if (config_.contains("use_cls")) table = at::constant_pad_nd(table, {0, 0, 1, 0});
    NamedTensors all = {{"pos_embed", table}};
    all.insert(all.end(), given.begin(), given.end());
    file_ = written(system + "_tiny.safetensors", formula_state(state, all));
    const auto source = open_spelled(file_, *systems::spelling_of(card_, ModelPart::kDiffusion));
    model_ = systems::system_of(card_).diffusion.make(card_, *source, 0);
    if (dtype == DType::kFloat64)
      weights::load_module(*model_, *source, at::kDouble);
    else
      load_for_inference(*model_, *source, dtype);
    process_ = systems::process_of(card_);
  }

  models::Denoiser& model() { return *model_; }
  const models::Denoiser& model() const { return *model_; }
  const Card& card() const { return card_; }
  const diffusion::Process& process() const { return process_; }
  /// The file that it was read from.
  const std::filesystem::path& file() const { return file_; }
  void follow(diffusion::Path path) { process_.path = path; }
  int64_t side() const { return config_.at("input_size"); }
  at::Tensor sample(const SamplingOptions& options, int64_t images = 2,
                    const at::Tensor& start = {}) const {
    return sampled(*model_, side(), options, process_, images, start);
  }
  at::Tensor predicted(const at::Tensor& x, const std::vector<float>& t,
                       const std::vector<int64_t>& y) const {
    return model_->prediction(x, model_->conditioning(at::tensor(t), at::tensor(y)));
  }
  at::Tensor velocity(const std::vector<float>& t, const std::vector<int64_t>& y) const {
    return as_published(model_->velocity(input(), at::tensor(t), at::tensor(y)), side());
  }
  at::Tensor prediction(const std::vector<float>& t, const std::vector<int64_t>& y) const {
    return as_published(
        model_->prediction(input(), model_->conditioning(at::tensor(t), at::tensor(y))), side());
  }

  at::Tensor input() const {
    return as_cells(hash_fill("input.z", {2, model_->channels(), side(), side()}, 1.5));
  }

 private:
  nlohmann::json config_;
  Card card_;
  std::unique_ptr<models::Denoiser> model_;
  diffusion::Process process_;
  std::filesystem::path file_;
};

}  // namespace svgen::parity
