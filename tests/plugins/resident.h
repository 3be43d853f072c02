// SPDX-License-Identifier: MIT
// The memory that this process has, for tests of growth.
#pragma once

#include <fstream>
#include <string>

namespace svgen::gst::testing {

/// Sanitizers keep what was freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kResidentCounts = false;
#else
inline constexpr bool kResidentCounts = true;
#endif

inline long resident_kibibytes() {
  std::ifstream status("/proc/self/status");
  long kibibytes = 0;
  for (std::string word; status >> word;)
    if (word == "VmRSS:" && status >> kibibytes) break;
  return kibibytes;
}

}  // namespace svgen::gst::testing
