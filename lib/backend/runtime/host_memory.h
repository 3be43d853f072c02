// SPDX-License-Identifier: MIT
// The memory of the library's CPU tensors, kept for the next tensor of the same size.
//
// Every layer frees what the layer before it made. When such memory goes back to the system, the
// next tensor pays a page fault for each 4 KiB of it: a tenth of a picture's decoding.
#pragma once

#include <cstddef>

namespace svgen::runtime {

/// Counts the memory, in bytes.
struct HostMemoryUse {
  size_t live = 0;  // in tensors
  size_t kept = 0;  // free, for the next ones
  size_t peak = 0;  // the highest `live` so far; live + kept stay within 1.25 times that
};

/// Makes all CPU tensors of the process take their memory here from now on. Once; a later call does
/// nothing.
void keep_host_memory();

/// Gives what is kept back to the system, and forgets the peak.
void release_host_memory();

HostMemoryUse host_memory_use();

}  // namespace svgen::runtime
