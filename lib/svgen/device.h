// SPDX-License-Identifier: MIT
// The device on which a tensor lives and a model computes.
#pragma once

#include <string>
#include <string_view>

namespace svgen {

struct Device {
  enum class Type { kCpu, kCuda };

  Type type = Type::kCpu;
  int index = 0;  // of the CUDA device; 0 on a CPU

  bool is_cpu() const { return type == Type::kCpu; }
  bool operator==(const Device&) const = default;

  /// Returns "cpu" or "cuda:N".
  std::string name() const;

  /// Reads "cpu", "cuda" or "cuda:N". Throws ConfigurationError on anything else ("auto" is
  /// resolved by the backend, which knows what the machine has).
  static Device parse(std::string_view text);
};

}  // namespace svgen
