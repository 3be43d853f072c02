// SPDX-License-Identifier: MIT
// Building a model and filling it from its file.
#pragma once

#include <memory>

#include "engine/model_files.h"
#include "nn/state.h"
#include "ops/products.h"
#include "runtime/runtime.h"
#include "weights/load.h"

namespace svgen::engine {

/// The tensor, or a copy of it at an address that is a multiple of a cache line: matrix products
/// round differently elsewhere, and where a file keeps a tensor must not show in the results.
at::Tensor aligned(const at::Tensor& tensor);

/// A Module of `make_config(card, source)` with the weights of `source`, on the engine's device in
/// its dtype. Throws what load_module throws.
template <typename Module, typename MakeConfig>
std::unique_ptr<Module> module_of(const Card& card, const weights::StateSource& source,
                                  runtime::Runtime& runtime, const MakeConfig& make_config) {
  auto module = std::make_unique<Module>(make_config(card, source));
  runtime.run(runtime::kLoading, [&] {
    runtime.count_loaded(weights::load_module(*module, source, runtime.torch_dtype()));
    nn::visit_state(*module, [&](const nn::StateSlot& slot) {
      if (!slot.tensor.defined()) return;
      const bool packs = slot.kind == nn::SlotKind::kPackable;
      if (packs && runtime.torch_device().is_cpu()) slot.tensor = ops::pack(slot.tensor);
      if (!slot.tensor.is_mkldnn()) slot.tensor = runtime.to_device(aligned(slot.tensor));
      if (packs && slot.tensor.is_cuda()) slot.tensor = ops::pack(slot.tensor);
    });
  });
  return module;
}

/// The same from the role's file. Throws what ModelFiles::verify and ModelFiles::open throw, too.
template <typename Module, typename MakeConfig>
std::unique_ptr<Module> load_role(const ModelFiles& files, weights::Role role,
                                  runtime::Runtime& runtime, const MakeConfig& make_config) {
  files.verify(role);
  return module_of<Module>(files.card(), *files.open(role), runtime, make_config);
}

}  // namespace svgen::engine
