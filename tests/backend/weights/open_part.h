// SPDX-License-Identifier: MIT
// Opens one part of an SVG weights file, for tests of single networks.
#pragma once

#include <memory>
#include <string>

#include "systems/files.h"
#include "systems/system.h"
#include "weights/network_source.h"

namespace svgen::weights::testing {

inline std::shared_ptr<StateSource> open_part(const std::filesystem::path& file, ModelPart part,
                                              const std::string& prefix = "") {
  const Card card;
  return open_network(file, *systems::spelling_of(card, part), prefix,
                      systems::checkpoint_of(systems::system_of(card)));
}

}  // namespace svgen::weights::testing
