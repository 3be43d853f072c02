// SPDX-License-Identifier: MIT
// Lists the tensors of weights files and what is missing or surplus for the family they belong to.
#include <cstdio>
#include <exception>

#include "svgen/engine.h"
#include "svgen/error.h"

namespace {

bool list(const char* file) {
  try {
    std::fputs(svgen::describe_weights(file).c_str(), stdout);
    return true;
  } catch (const svgen::Error& error) {
    std::fprintf(stderr, "%s\n", error.report().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", file, error.what());
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: weights-ls FILE...\n", stderr);
    return 2;
  }
  bool listed = true;
  for (int i = 1; i < argc; ++i) listed = list(argv[i]) && listed;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::perror("weights-ls: the listing cannot be written");
    return 1;
  }
  return listed ? 0 : 1;
}
