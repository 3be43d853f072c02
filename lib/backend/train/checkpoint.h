// SPDX-License-Identifier: MIT
// A directory of checkpoints: step-%08d folders that are complete or not there.
//
// step-00001000/state.json          step, data position, configuration
//               state.safetensors   master weights, optimizers, buffers
//               ema.safetensors     the weights a card can name
//               card.json           a card that names them
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "train/flat_parameters.h"

namespace svgen::train {

/// Holds what a checkpoint has beside its tensors.
struct CheckpointFacts {
  std::string kind;        // "autoencoder" or "diffusion"
  int64_t step = 0;        // optimizer steps done
  int64_t next_index = 0;  // of the data
  uint64_t seed = 0;
  std::string options;  // JSON object, for people
};

struct CheckpointContent {
  CheckpointFacts facts;
  NamedTensors state;    // everything needed to go on
  NamedTensors weights;  // the export
  std::string card;      // text of card.json; empty: none is written
};

class CheckpointFolder {
 public:
  /// Makes the folder, takes its lock and removes what an interrupted save left. IoError when
  /// another trainer holds it or it cannot be written.
  explicit CheckpointFolder(std::filesystem::path folder);
  ~CheckpointFolder();
  CheckpointFolder(const CheckpointFolder&) = delete;
  CheckpointFolder& operator=(const CheckpointFolder&) = delete;

  /// Writes under a temporary name, flushes, renames, then removes all but the `kept` last ones.
  /// Returns the folder of the checkpoint.
  std::filesystem::path save(const CheckpointContent& content, int64_t kept) const;

  /// Moves the checkpoints and pictures of an earlier training into a new folder `before` (or
  /// before-2, ...) below this one. Returns it; empty when there were none.
  std::filesystem::path set_aside() const;

 private:
  std::filesystem::path folder_;
  int lock_ = -1;
};

/// The folder of the last checkpoint below `folder`, if there is one.
std::optional<std::filesystem::path> last_checkpoint(const std::filesystem::path& folder);

/// The facts of one. IoError when its state.json is damaged.
CheckpointFacts read_facts(const std::filesystem::path& checkpoint);

/// Copies the tensors of its state.safetensors into those of the same names. WeightsError naming
/// all that is missing, surplus or of another shape: the checkpoint belongs to another model.
void read_state(const std::filesystem::path& checkpoint, const NamedTensors& into);

}  // namespace svgen::train
