// SPDX-License-Identifier: MIT
// Starting a kernel on a stream.
#pragma once

#include <cuda_runtime.h>

namespace svgen::ops::cuda {

/// Holds the number of blocks, and of threads in each.
struct Launch {
  dim3 blocks, threads;
};

/// Starts the kernel; the error of the launch.
template <typename... Parameters, typename... Arguments>
cudaError_t start(void (*kernel)(Parameters...), const Launch& launch, cudaStream_t stream,
                  Arguments... arguments) {
  kernel<<<launch.blocks, launch.threads, 0, stream>>>(arguments...);
  return cudaGetLastError();
}

inline unsigned blocks_for(int64_t work, int64_t per_block) {
  return static_cast<unsigned>((work + per_block - 1) / per_block);
}

}  // namespace svgen::ops::cuda
