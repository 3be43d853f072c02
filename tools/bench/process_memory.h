// SPDX-License-Identifier: MIT
// Reads the memory of this process as Linux counts it, for benchmarks and tests of growth.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

/// Returns the KiB in a line of /proc/self/status, such as "VmHWM:" (the peak); -1 without it.
inline int64_t process_kibibytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kibibytes = 0;
    if (word == key && status >> kibibytes) return kibibytes;
  }
  return -1;
}

/// Returns the same in MiB.
inline int64_t process_mebibytes(const std::string& key) {
  const int64_t kibibytes = process_kibibytes(key);
  return kibibytes < 0 ? -1 : kibibytes / 1024;
}
