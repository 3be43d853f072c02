// SPDX-License-Identifier: MIT
// Opens one part of an SVG weights file, for tests of single networks.
#pragma once

#include <memory>
#include <string>

#include "systems/system.h"
#include "weights/network_source.h"

namespace svgen::weights::testing {

inline std::shared_ptr<StateSource> open_part(const std::filesystem::path& file, ModelPart part,
                                              const std::string& prefix = "") {
  const systems::System& system = systems::system_of({});
  return open_network(file, *system.spelling(part), prefix, system.checkpoint());
}

}  // namespace svgen::weights::testing
