// SPDX-License-Identifier: MIT
// Whether the LibTorch in the process is the one this library was compiled with.
#include "runtime/torch_version.h"

#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "svgen/error.h"

namespace svgen::runtime {
namespace {

constexpr std::string_view kSetting = "TORCH_VERSION=";

// "2.6" of "2.6.0+cpu, USE_CUDA=..."
std::string_view minor_of(std::string_view version) {
  const size_t dot = version.find('.');
  return version.substr(0, version.find_first_not_of("0123456789", dot + 1));
}

}  // namespace

void check_torch_version(std::string_view compiled, std::string_view settings,
                         const std::string& file) {
  const size_t at = settings.find(kSetting);
  if (at == std::string_view::npos) return;
  const std::string_view present = settings.substr(at + kSetting.size());
  if (minor_of(present) == minor_of(compiled)) return;
  throw DeviceError(
      "the compute library was built for another LibTorch than the one in this process: build "
      "svgen anew, or start the program without the other one",
      {.expected = "LibTorch " + std::string(minor_of(compiled)),
       .found = "LibTorch " + std::string(minor_of(present)) + " from " + file,
       .where = "docs/troubleshooting.md"});
}

void check_torch_version() {
  Dl_info library{};
  const bool known = dladdr(reinterpret_cast<void*>(&at::show_config), &library) != 0;
  check_torch_version(TORCH_VERSION, at::show_config(),
                      known && library.dli_fname != nullptr ? library.dli_fname : "unknown");
}

}  // namespace svgen::runtime
