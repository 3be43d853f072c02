// SPDX-License-Identifier: MIT
// Waiting for what other processes make.
#pragma once

#include <functional>
#include <string>

namespace svgen::cli {

/// Asks again and again until `is_there` or `seconds` are over; says `what` it waits for at first
/// and then once a minute. Whether it came.
bool wait_until(long seconds, const std::function<bool()>& is_there,
                const std::function<std::string()>& what, bool json);

}  // namespace svgen::cli
