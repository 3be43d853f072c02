// SPDX-License-Identifier: MIT
// Building a network and filling it from a file.
#include "engine/load_network.h"

#include <cstdint>
#include <string>

#include "nn/state.h"
#include "ops/products.h"
#include "runtime/available_memory.h"
#include "weights/load.h"

namespace svgen::engine {

at::Tensor aligned(const at::Tensor& tensor) {
  constexpr uintptr_t kCacheLine = 64;
  const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
  return tensor.is_cpu() && address % kCacheLine != 0 ? tensor.clone() : tensor;
}

void require_memory_for(const weights::StateSource& source, ModelPart part,
                        const runtime::Runtime& runtime) {
  if (!runtime.device().is_cpu()) return;
  int64_t bytes = 0;
  for (const weights::TensorInfo& info : source.tensors()) {
    if (!source.surplus_reason(info.name).empty() || !info.unreadable.empty()) continue;
    int64_t count = 1;
    for (const int64_t size : info.shape) count *= size;
    bytes += count * static_cast<int64_t>(c10::elementSize(runtime.torch_dtype()));
  }
  runtime::require_memory(bytes, std::string("the ") + part_key(part) + " of the model");
}

void load_weights(models::Network& network, const weights::StateSource& source,
                  runtime::Runtime& runtime) {
  runtime.run(
      runtime::kLoading,
      [&] {
        runtime.count_loaded(weights::load_module(network, source, runtime.torch_dtype()));
        network.arrange();
        nn::visit_state(
            network,
            [&](const nn::StateSlot& slot) {
              if (!slot.tensor.defined()) return;
              const bool packs = slot.kind == nn::SlotKind::kPackable;
              if (packs && runtime.torch_device().is_cpu()) slot.tensor = ops::pack(slot.tensor);
              if (!slot.tensor.is_mkldnn()) slot.tensor = runtime.to_device(aligned(slot.tensor));
              if (packs && slot.tensor.is_cuda()) slot.tensor = ops::pack(slot.tensor);
            });
        network.prepare();
      });
}

}  // namespace svgen::engine
