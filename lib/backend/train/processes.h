// SPDX-License-Identifier: MIT
// The processes of a distributed launch, through LibTorch's c10d; one process is the common case
// and costs nothing.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

#include "data/data_order.h"

namespace svgen::train {

class Processes {
 public:
  Processes();
  ~Processes();

  /// Joins the launch that RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT describe (Gloo on a CPU,
  /// NCCL on GPUs); alone when they are not set. ConfigurationError for half a description,
  /// DeviceError when the others cannot be reached.
  static std::shared_ptr<Processes> join(const at::Device& device);

  int64_t rank() const { return shard_.rank; }
  int64_t world() const { return shard_.world; }
  bool alone() const { return world() == 1; }
  bool writes() const { return rank() == 0; }

  // Each is called by all processes in the same order, with tensors of one shape. DeviceError when
  // another process is gone.

  void sum(at::Tensor& tensor) const;      // in place
  void average(at::Tensor& tensor) const;  // in place
  /// Rows of all processes along dimension 0, in the order of ranks.
  at::Tensor gather(const at::Tensor& tensor) const;
  /// Rank 0's values, in place.
  void broadcast(at::Tensor& tensor) const;

  /// A sum whose gradient is summed, too; empty when alone.
  std::function<at::Tensor(const at::Tensor&)> differentiable_sum() const;

 private:
  struct Group;
  Shard shard_;
  std::unique_ptr<Group> group_;
  std::function<void(at::Tensor&)> sum_;  // outlives the graphs that hold it
};

}  // namespace svgen::train
