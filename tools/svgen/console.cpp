// SPDX-License-Identifier: MIT
// Prints what a command says.
#include "console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "svgen/text.h"

namespace svgen::cli {
namespace {

constexpr int kUsualColumns = 80;
bool g_taken = true;

}  // namespace

bool print(const std::string& line) {
  const bool fine = std::fputs(line.c_str(), stdout) >= 0 && std::fputc('\n', stdout) != EOF &&
                    std::fflush(stdout) == 0;
  g_taken = g_taken && fine;
  return g_taken;
}

bool print(const nlohmann::json& line) {
  return print(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

bool was_taken() {
  return g_taken;
}

void print_error(const std::string& text, bool json) {
  if (json) print(nlohmann::json{{"event", "error"}, {"text", printable(text)}});
  std::fprintf(stderr, "svgen: %s\n", printable(text).c_str());
}

void print_note(const std::string& text, bool json) {
  if (json) print(nlohmann::json{{"event", "note"}, {"text", printable(text)}});
  std::fprintf(stderr, "svgen: note: %s\n", printable(text).c_str());
}

int terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualColumns;
}

}  // namespace svgen::cli
