// SPDX-License-Identifier: MIT
// A pipeline of elements, run to its end with a bar of its progress.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

#include "progress.h"

namespace svgen::cli {

/// A failed pipeline's words, from the element that failed first.
struct PipelineError {
  std::string text;
};

/// Stopped by the user.
struct Interrupted {};

/// Runs a launch line, given as its words: no quoting, whatever they hold. Throws PipelineError and
/// Interrupted; files that it was writing stay to the caller.
void run_pipeline(const std::vector<std::string>& words, Progress& progress);

}  // namespace svgen::cli
