// SPDX-License-Identifier: MIT
// How much memory the system has for a process, so that too little is said before it is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace svgen::runtime {

/// Reads the bytes that the system can give without swapping, out of the text of /proc/meminfo;
/// none where it does not say.
std::optional<int64_t> available_memory(std::string_view meminfo);

/// Throws MemoryError where `bytes` for `what` are more than the system has. Passes where it does
/// not say what it has.
void require_memory(int64_t bytes, const std::string& what);

}  // namespace svgen::runtime
