// SPDX-License-Identifier: MIT
// Prints what a command says: lines on the standard output, notes and errors on standard error.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace svgen::cli {

/// Prints a line on the standard output at once. False from the moment on at which nobody takes it:
/// the disk is full, or the reader of a pipe has gone.
bool print(const std::string& line);

/// The same, of JSON; bytes that are no UTF-8 are replaced.
bool print(const nlohmann::json& line);

/// Whether everything that was printed was taken.
bool was_taken();

/// "svgen: TEXT" on the standard error, and with `json` a line {"event": "error"} before.
void print_error(const std::string& text, bool json);

/// Something that the user should know, though all is well.
void print_note(const std::string& text, bool json);

/// The width of the terminal at the standard error, or a usual one.
int terminal_columns();

}  // namespace svgen::cli
