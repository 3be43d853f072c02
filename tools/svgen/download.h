// SPDX-License-Identifier: MIT
// Fetches a file over HTTPS: what is there of it is kept, and the whole one is checked before it
// gets its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "progress.h"

namespace svgen::cli {

/// Whether this program was built with an HTTP library.
bool can_download();

/// Returns the bytes that the server announces; 0 where it does not say, or does not answer.
int64_t announced_bytes(const std::string& url);

struct Download {
  std::string url;
  std::filesystem::path target;
  int64_t bytes = 0;   // 0: unknown
  std::string sha256;  // empty: unknown
};

/// Writes TARGET.part, goes on where that ends, and renames it when its size and digest are right.
/// Breaks of the connection are tried again a few times. Throws IoError: the server refuses, sends
/// more or less than it should, or other bytes; the disk is full.
void download(const Download& file, Progress& progress);

}  // namespace svgen::cli
