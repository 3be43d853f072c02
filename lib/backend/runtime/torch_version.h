// SPDX-License-Identifier: MIT
// Whether the LibTorch in the process is the one this library was compiled with.
#pragma once

#include <string>
#include <string_view>

namespace svgen::runtime {

/// DeviceError when the LibTorch whose settings (at::show_config()) are `settings` is of another
/// minor version than `compiled` ("2.6.0"). Nothing is promised between those: what links may
/// crash. Settings that do not say the version pass. `file` is where it comes from.
void check_torch_version(std::string_view compiled, std::string_view settings,
                         const std::string& file);

/// Checks this library against this process.
void check_torch_version();

}  // namespace svgen::runtime
