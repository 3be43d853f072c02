// SPDX-License-Identifier: MIT
// The tensors of a file whose names share a prefix, without it.
#pragma once

#include <memory>
#include <string>

#include "weights/state_source.h"

namespace svgen::weights {

/// Empty of tensors when no name of `source` starts with `prefix`.
std::shared_ptr<StateSource> prefixed_source(std::shared_ptr<const StateSource> source,
                                             const std::string& prefix);

}  // namespace svgen::weights
