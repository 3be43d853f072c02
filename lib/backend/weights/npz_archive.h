// SPDX-License-Identifier: MIT
// Archives of numpy.savez and numpy.savez_compressed, as tensors.
#pragma once

#include <memory>

#include "data/mapped_file.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// The arrays by the names under which they were saved. Arrays of Python objects (which are
/// pickles), of structures and of big-endian numbers are unreadable. IoError for a damaged archive.
std::shared_ptr<StateSource> open_npz_archive(std::shared_ptr<const MappedFile> file);

}  // namespace svgen::weights
