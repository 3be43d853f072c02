// SPDX-License-Identifier: MIT
// The device and precision in which one engine computes.
#include "runtime/runtime.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#include <oneapi/dnnl/dnnl.hpp>
#define SVGEN_ONEDNN_ERRORS
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>

#include "interop/tensor.h"
#include "runtime/fork_guard.h"
#include "runtime/host_memory.h"
#include "runtime/worker.h"
#include "svgen/error.h"

namespace svgen::runtime {
namespace {

// Enough to fill a device without asking for memory in proportion to the batch.
constexpr int64_t kDeviceChunk = 16;

uint64_t next_handle() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

[[noreturn]] void fail_for_memory(const std::string& found) {
  throw MemoryError("there is not enough memory: use a smaller batch-size or smaller pictures",
                    {.found = found});
}

void compute(const std::function<void()>& work) {
  try {
    work();
  } catch (const c10::OutOfMemoryError& error) {
    fail_for_memory(error.what_without_backtrace());
  } catch (const c10::Error& error) {
    throw DeviceError(std::string("LibTorch failed: ") + error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    fail_for_memory("there is no memory for the work between tensors");
#ifdef SVGEN_ONEDNN_ERRORS
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) fail_for_memory(std::string("oneDNN ") + error.what());
    throw DeviceError(std::string("LibTorch failed: oneDNN ") + error.what());
#endif
  }
}

}  // namespace

Runtime::Runtime(Device device, DType dtype) : device_(device), dtype_(dtype) {
  counters_.handle = next_handle();
  if (device.is_cpu()) keep_host_memory();
  note_computing();
}

Runtime::~Runtime() {
  if (device_.is_cpu()) release_host_memory();
}

at::Device Runtime::torch_device() const {
  return to_torch(device_);
}

at::ScalarType Runtime::torch_dtype() const {
  return to_torch(dtype_);
}

void Runtime::run_recording(const std::function<void()>& work) const {
  refuse_forked();
  if (!device_.is_cpu()) return compute(work);
  Worker::instance().run([&] { compute(work); });
}

void Runtime::run(const std::function<void()>& work) const {
  run_recording([&] {
    const c10::InferenceMode without_gradients;
    work();
  });
}

void Runtime::run(const Activity& activity, const std::function<void()>& work) {
  std::chrono::duration<double> spent{0};
  run([&] {
    const auto start = std::chrono::steady_clock::now();
    work();
    spent = std::chrono::steady_clock::now() - start;
  });
  const std::lock_guard lock(mutex_);
  counters_.*activity.seconds += spent.count();
}

int64_t Runtime::images_at_once() const {
  return device_.is_cpu() ? 1 : kDeviceChunk;
}

bool Runtime::for_each_chunk(const Activity& activity, int64_t images,
                             const ProgressFunction& progress,
                             const std::function<void(int64_t first, int64_t count)>& work) {
  for (int64_t first = 0; first < images; first += images_at_once()) {
    const int64_t count = std::min(images_at_once(), images - first);
    run(activity, [&] { work(first, count); });
    count_images(activity, count);
    // Called on the caller's thread: it may need locks that others hold while they wait for us.
    if (progress && !progress({first + count - 1, 1, 1})) return false;
  }
  return true;
}

at::Tensor Runtime::to_device(const at::Tensor& tensor) {
  if (tensor.device() == torch_device()) return tensor;
  count_copied(static_cast<int64_t>(tensor.nbytes()));
  return tensor.to(torch_device());
}

void Runtime::count_images(const Activity& activity, int64_t images) {
  const std::lock_guard lock(mutex_);
  counters_.*activity.images += static_cast<uint64_t>(images);
}

void Runtime::count_copied(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  counters_.bytes_copied += static_cast<uint64_t>(bytes);
}

void Runtime::count_loaded(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  counters_.bytes_loaded += static_cast<uint64_t>(bytes);
}

EngineCounters Runtime::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace svgen::runtime
