// SPDX-License-Identifier: MIT
// How far a command is.
#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace svgen::cli {
namespace {

using namespace std::chrono_literals;

constexpr int kPlaces = 30;
constexpr auto kInterval = 100ms;

}  // namespace

Progress::Form Progress::usual_form(bool json) {
  if (json) return Form::kJson;
  return isatty(STDERR_FILENO) != 0 ? Form::kBar : Form::kNone;
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::show(double done, double total, const std::string& unit) {
  if (form_ == Form::kNone || Clock::now() - shown_ < kInterval) return;
  shown_ = Clock::now();
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0;
  const double left = share > 0 ? seconds() * (1 - share) / share : -1;
  if (form_ == Form::kJson) {
    nlohmann::json line = {{"event", "progress"}, {"done", done}, {"unit", unit}};
    if (total > 0) line["total"] = total;
    if (left >= 0) line["seconds_left"] = left;
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
    return;
  }
  has_bar_ = true;
  if (total > 0) {
    std::fprintf(stderr, "\r\033[K%s %.1f of %g %s%s", bar_text(share, kPlaces).c_str(), done,
                 total, unit.c_str(), left < 0 ? "" : (", " + clock_text(left) + " left").c_str());
  } else {
    std::fprintf(stderr, "\r\033[K%.1f %s", done, unit.c_str());
  }
  std::fflush(stderr);
}

void Progress::finish() {
  if (has_bar_) std::fputs("\r\033[K", stderr);
  has_bar_ = false;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  }
  return text;
}

std::string bar_text(double share, int places) {
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * places);
  return "[" + std::string(full, '#') + std::string(static_cast<size_t>(places) - full, '.') + "]";
}

}  // namespace svgen::cli
