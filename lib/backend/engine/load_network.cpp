// SPDX-License-Identifier: MIT
// Building a network and filling it from a file.
#include "engine/load_network.h"

#include <cstdint>

#include "nn/state.h"
#include "ops/products.h"
#include "weights/load.h"

namespace svgen::engine {

at::Tensor aligned(const at::Tensor& tensor) {
  constexpr uintptr_t kCacheLine = 64;
  const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
  return tensor.is_cpu() && address % kCacheLine != 0 ? tensor.clone() : tensor;
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
