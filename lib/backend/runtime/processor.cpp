// SPDX-License-Identifier: MIT
// The compiler's questions to the processor.
#include "runtime/processor.h"

namespace svgen::runtime {

bool has_wide_vectors() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return has;
#else
  return false;
#endif
}

bool has_pair_products() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool has = has_wide_vectors() && __builtin_cpu_supports("avx512bf16");
  return has;
#else
  return false;
#endif
}

}  // namespace svgen::runtime
