// SPDX-License-Identifier: MIT
// What an evaluation found, as tables, numbers and a plot.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "evaluation.h"

namespace svgen::cli {

/// The numbers of a cell; null for what was not measured.
nlohmann::json json_of(const Result& result);

/// {"protocol": ..., "results": [...]}.
std::string as_json(const std::vector<Result>& results, const nlohmann::json& protocol);

/// Frechet distance by steps (Table 2 of the paper), then all numbers (Table 1); of tokenizers the
/// columns of Tables 3 and 4.
std::string as_markdown(const std::vector<Result>& results, const nlohmann::json& protocol);

/// Frechet distance against steps, a line for each model and guidance, as SVG.
std::string as_plot(const std::vector<Result>& results);

}  // namespace svgen::cli
