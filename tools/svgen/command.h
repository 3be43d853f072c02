// SPDX-License-Identifier: MIT
// The commands of svgen: each builds a pipeline of elements, or looks at what there is.
#pragma once

#include <string>
#include <vector>

#include "options.h"
#include "pipeline.h"

namespace svgen::cli {

struct Command {
  std::string name;
  std::string words;  // what it takes beside its options
  std::string blurb;
  std::vector<Option> options;
  int (*run)(const Options& options);  // the exit status
};

Command generate_command();
Command reconstruct_command();
Command edit_command();
Command extract_command();
Command evaluate_command();
Command merge_command();
Command models_command();
Command info_command();
Command fetch_command();
Command doctor_command();

/// Options of all commands that compute.
std::vector<Option> with_model_options(std::vector<Option> own);
/// `step` with the options of the model that were given, and those that are its properties.
Step with_options(Step step, const Options& options);

}  // namespace svgen::cli
