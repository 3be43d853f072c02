// SPDX-License-Identifier: MIT
// Shows how far a command is: a bar on a terminal, lines of JSON on request, nothing otherwise.
#pragma once

#include <chrono>
#include <string>

namespace svgen::cli {

class Progress {
 public:
  enum class Form { kBar, kJson, kNone };

  /// kBar where the standard error is a terminal, unless lines of JSON were asked for.
  static Form usual_form(bool json);

  explicit Progress(Form form) : form_(form) {}

  /// `done` of `total` (0 or less: nobody knows) in `unit`.
  void show(double done, double total, const std::string& unit);
  /// Words on a line of their own.
  void note(const std::string& text);
  /// Takes the bar away.
  void finish();
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  Form form_;
  Clock::time_point start_ = Clock::now(), shown_{};
  bool has_bar_ = false;
};

/// "1:05" or "2:03:04"; what is left of so many seconds.
std::string clock_text(double seconds);

/// "[#####.....]" of so many places.
std::string bar_text(double share, int places);

/// The text with the bar in front (unless `share` is negative), without it, or cut, as a line of so
/// many columns takes it.
std::string fitted(const std::string& text, double share, int columns);

}  // namespace svgen::cli
