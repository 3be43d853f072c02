// SPDX-License-Identifier: MIT
// The device and precision in which one engine computes, its way to the worker, and its counters.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <mutex>

#include "svgen/engine.h"

namespace svgen::runtime {

/// The counters that a kind of work adds to.
struct Activity {
  double EngineCounters::*seconds;
  uint64_t EngineCounters::*images = nullptr;
};

inline constexpr Activity kLoading{&EngineCounters::seconds_loading};
inline constexpr Activity kEncoding{&EngineCounters::seconds_encoding,
                                    &EngineCounters::images_encoded};
inline constexpr Activity kSampling{&EngineCounters::seconds_sampling,
                                    &EngineCounters::images_sampled};
inline constexpr Activity kDecoding{&EngineCounters::seconds_decoding,
                                    &EngineCounters::images_decoded};

class Runtime {
 public:
  Runtime(Device device, DType dtype);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  Device device() const { return device_; }
  DType dtype() const { return dtype_; }
  at::Device torch_device() const;
  at::ScalarType torch_dtype() const;

  /// Computes without gradients: on the process's worker on a CPU, at once elsewhere. Failures of
  /// LibTorch become DeviceError.
  void run(const std::function<void()>& work) const;
  /// The same, recording gradients where they are asked for.
  void run_recording(const std::function<void()>& work) const;
  /// Like run(), with the time spent computing (not waiting) added to a counter.
  void run(const Activity& activity, const std::function<void()>& work);

  /// Splits images into chunks that are computed together, and reports each. On a CPU a chunk is
  /// one image, so that nothing can depend on the batch. Returns false when cancelled.
  bool for_each_chunk(const Activity& activity, int64_t images, const ProgressFunction& progress,
                      const std::function<void(int64_t first, int64_t count)>& work);
  int64_t images_at_once() const;

  /// A view on the same memory, or a copy on the engine's device. To be called inside run().
  at::Tensor to_device(const at::Tensor& tensor);

  void count_images(const Activity& activity, int64_t images);
  void count_copied(int64_t bytes);
  void count_loaded(int64_t bytes);
  EngineCounters counters() const;

 private:
  Device device_;
  DType dtype_;
  mutable std::mutex mutex_;
  EngineCounters counters_;
};

}  // namespace svgen::runtime
