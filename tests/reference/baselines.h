// SPDX-License-Identifier: MIT
// The comparison systems of the parity tests: tiny networks with weights by the fill rule, written
// to a file in their published spelling and read back as any other file.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "diffusion/integration.h"
#include "engine/load_network.h"
#include "models/dit/dit.h"
#include "reference/parity.h"
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

}  // namespace svgen::parity
