// SPDX-License-Identifier: MIT
// Waiting with words.
#include "waiting.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "console.h"

namespace svgen::cli {

bool wait_until(long seconds, const std::function<bool()>& is_there,
                const std::function<std::string()>& what, bool json) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPause(200);
  constexpr std::chrono::minutes kSilence(1);
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  auto said = Clock::time_point::min();
  while (!is_there()) {
    const auto now = Clock::now();
    if (now >= end) return false;
    if (said == Clock::time_point::min() || now - said >= kSilence) {
      print_note(what(), json);
      said = now;
    }
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace svgen::cli
