// SPDX-License-Identifier: MIT
// The process-wide cache of engines, and the calls that go straight to the backend.
#include "svgen/engine.h"

#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "svgen/backend.h"
#include "svgen/registry.h"

namespace svgen {
namespace {

// The modification time is part of the key, so that an edited card is read anew.
using EngineKey = std::tuple<std::string, std::filesystem::file_time_type, std::string, DType>;

std::mutex& cache_mutex() {
  static std::mutex mutex;
  return mutex;
}

std::map<EngineKey, std::weak_ptr<Engine>>& cache() {
  static std::map<EngineKey, std::weak_ptr<Engine>> engines;
  return engines;
}

}  // namespace

std::shared_ptr<Engine> Engine::open(const EngineOptions& options) {
  const std::filesystem::path path = find_card(options.model);
  Backend& torch = backend();
  const Device device = torch.resolve_device(options.device);
  const bool chosen = options.dtype != "auto";
  const DType dtype = torch.resolve_dtype(
      options.dtype, device, chosen ? std::vector<DType>{} : Card::load(path).reduced_precision);
  if (options.follow_training) return torch.open_engine(Card::load(path), device, dtype, true);
  std::error_code ignored;
  // Only the folder is resolved: two links to one card may have different weights beside them.
  const auto folder = std::filesystem::weakly_canonical(path.parent_path(), ignored);
  const EngineKey key{(folder / path.filename()).string(),
                      std::filesystem::last_write_time(path, ignored), device.name(), dtype};
  // Held while opening: two elements that start together must not open twice. A failure leaves no
  // entry behind.
  const std::lock_guard lock(cache_mutex());
  std::erase_if(cache(), [](const auto& entry) { return entry.second.expired(); });
  if (const auto found = cache().find(key); found != cache().end()) {
    if (std::shared_ptr<Engine> engine = found->second.lock()) return engine;
  }
  std::shared_ptr<Engine> engine = torch.open_engine(Card::load(path), device, dtype, false);
  cache()[key] = engine;
  return engine;
}

std::unique_ptr<StatisticsRecorder> StatisticsRecorder::create() {
  return backend().create_statistics_recorder();
}

Tensor read_tensor(const std::filesystem::path& safetensors, const std::string& name) {
  return backend().read_tensor(safetensors, name);
}

Tensor to_host(const Tensor& tensor) {
  return tensor.device().is_cpu() ? tensor : backend().copy_to_host(tensor);
}

std::string describe_weights(const std::filesystem::path& file) {
  return backend().describe_weights(file);
}

void set_num_threads(int threads) {
  backend().set_num_threads(threads);
}

}  // namespace svgen
