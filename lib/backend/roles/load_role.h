// SPDX-License-Identifier: MIT
// Building a model and filling it from its file.
#pragma once

#include <memory>

#include "nn/state.h"
#include "roles/model_files.h"
#include "roles/runtime.h"
#include "weights/load.h"

namespace svgen::roles {

/// The tensor, or a copy of it at an address that is a multiple of a cache line: matrix products
/// round differently elsewhere, and where a file keeps a tensor must not show in the results.
at::Tensor aligned(const at::Tensor& tensor);

/// A Module of `make_config(card, source)` with the role's weights, on the engine's device in its
/// dtype. Throws what ModelFiles::verify, ModelFiles::open and load_module throw.
template <typename Module, typename MakeConfig>
std::unique_ptr<Module> load_role(const ModelFiles& files, weights::Role role, Runtime& runtime,
                                  MakeConfig make_config) {
  files.verify(role);
  const std::shared_ptr<weights::StateSource> source = files.open(role);
  auto module = std::make_unique<Module>(make_config(files.card(), *source));
  runtime.run(kLoading, [&] {
    runtime.count_loaded(weights::load_module(*module, *source, runtime.torch_dtype()));
    nn::visit_state(*module, [&](const nn::StateSlot& slot) {
      if (slot.tensor.defined()) slot.tensor = runtime.to_device(aligned(slot.tensor));
    });
  });
  return module;
}

}  // namespace svgen::roles
