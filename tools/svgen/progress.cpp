// SPDX-License-Identifier: MIT
// Shows how far a command is.
#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "console.h"

namespace svgen::cli {
namespace {

using namespace std::chrono_literals;

constexpr int kPlaces = 30, kFewestPlaces = 5;
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
    print(line);
    return;
  }
  has_bar_ = true;
  char text[160];
  if (total > 0) {
    std::snprintf(text, sizeof text, "%.1f of %g %s%s", done, total, unit.c_str(),
                  left < 0 ? "" : (", " + clock_text(left) + " left").c_str());
  } else {
    std::snprintf(text, sizeof text, "%.1f %s", done, unit.c_str());
  }
  std::fprintf(stderr, "\r\033[K%s",
               fitted(text, total > 0 ? share : -1, terminal_columns()).c_str());
  std::fflush(stderr);
}

void Progress::note(const std::string& text) {
  finish();
  print_note(text, form_ == Form::kJson);
}

void Progress::finish() {
  if (has_bar_) std::fputs("\r\033[K", stderr);
  has_bar_ = false;
}

std::string clock_text(double seconds) {
  const auto whole = std::lround(seconds);
  char text[32];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

std::string bar_text(double share, int places) {
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * places);
  return "[" + std::string(full, '#') + std::string(static_cast<size_t>(places) - full, '.') + "]";
}

std::string fitted(const std::string& text, double share, int columns) {
  constexpr int kAround = 4;  // brackets, a space, and the last column, where terminals wrap
  const int places = std::min(kPlaces, columns - kAround - static_cast<int>(text.size()));
  if (share >= 0 && places >= kFewestPlaces) return bar_text(share, places) + " " + text;
  return text.substr(0, static_cast<size_t>(std::max(1, columns - 1)));
}

}  // namespace svgen::cli
