// SPDX-License-Identifier: MIT
// fork() copies the thread that calls it and no other.
#include "runtime/fork_guard.h"

#include <pthread.h>

#include <atomic>

#include "svgen/error.h"

namespace svgen::runtime {
namespace {

std::atomic<bool> forked{false};

}  // namespace

void note_computing() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { forked = true; });
  static_cast<void>(registered);
}

bool is_forked() {
  return forked;
}

void refuse_forked() {
  if (!forked) return;
  throw DeviceError(
      "this process was forked from one that had already computed: fork before the first pipeline "
      "runs, or start a program of its own (Python: multiprocessing with \"spawn\")",
      {.expected = "the threads that compute",
       .found = "a child of fork(), which has none of them",
       .where = "docs/troubleshooting.md"});
}

}  // namespace svgen::runtime
