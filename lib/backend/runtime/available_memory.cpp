// SPDX-License-Identifier: MIT
// Linux's own account of its memory.
#include "runtime/available_memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "svgen/error.h"

namespace svgen::runtime {

std::optional<int64_t> available_memory(std::string_view meminfo) {
  constexpr std::string_view kKey = "MemAvailable:";
  constexpr int64_t kKilo = 1024;
  const size_t key = meminfo.find(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  std::string_view rest = meminfo.substr(key + kKey.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  int64_t kilobytes = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), kilobytes);
  return error == std::errc() && kilobytes >= 0 ? std::optional(kilobytes * kKilo) : std::nullopt;
}

void require_memory(int64_t bytes, const std::string& what) {
  std::ifstream file("/proc/meminfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::optional<int64_t> available = available_memory(text);
  if (!available || bytes <= *available) return;
  constexpr int64_t kMega = 1000000;
  throw MemoryError("there is too little memory for " + what +
                        ": close other programs, take a smaller model, or dtype=bfloat16",
                    {.expected = std::to_string(bytes / kMega) + " MB",
                     .found = std::to_string(*available / kMega) + " MB that are free"});
}

}  // namespace svgen::runtime
