// SPDX-License-Identifier: MIT
// Building a network and filling it from a file.
#pragma once

#include <memory>

#include "engine/model_files.h"
#include "models/network.h"
#include "runtime/runtime.h"
#include "weights/state_source.h"

namespace svgen::engine {

/// The tensor, or a copy of it at an address that is a multiple of a cache line: matrix products
/// round differently elsewhere, and where a file keeps a tensor must not show in the results.
at::Tensor aligned(const at::Tensor& tensor);

/// Gives a network the weights of `source`, on the engine's device in its dtype, and prepares it
/// for inference. Throws what weights::load_module throws.
void load_weights(models::Network& network, const weights::StateSource& source,
                  runtime::Runtime& runtime);

/// Throws MemoryError where a host has too little memory for the weights of a part.
void require_memory_for(const weights::StateSource& source, ModelPart part,
                        const runtime::Runtime& runtime);

/// The network of a part with the weights of its file. Throws what NetworkKind::make,
/// ModelFiles::verify, ModelFiles::open and load_weights throw.
template <typename Protocol>
std::unique_ptr<Protocol> load_network(const ModelFiles& files, ModelPart part,
                                       const systems::NetworkKind<Protocol>& kind,
                                       runtime::Runtime& runtime, int64_t latent_channels = 0) {
  files.verify(part);
  const std::shared_ptr<weights::StateSource> source = files.open(part);
  std::unique_ptr<Protocol> network = kind.make(files.card(), *source, latent_channels);
  require_memory_for(*source, part, runtime);
  load_weights(*network, *source, runtime);
  return network;
}

}  // namespace svgen::engine
