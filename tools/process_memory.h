// SPDX-License-Identifier: MIT
// Memory of this process, as Linux counts it.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

/// Mebibytes of a line of /proc/self/status, such as "VmHWM:" (the peak); -1 where there is none.
inline int64_t process_mebibytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kibibytes = 0;
    if (word == key && status >> kibibytes) return kibibytes / 1024;
  }
  return -1;
}
