// SPDX-License-Identifier: MIT
// Opens the library that computes.
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "svgen/backend.h"
#include "svgen/error.h"

namespace svgen {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFileName = "libsvgen-torch.so";
constexpr const char* kEntryName = "svgen_backend";

std::vector<fs::path> candidates() {
  const char* named = std::getenv("SVGEN_BACKEND");
  if (named != nullptr && *named != '\0') return {named};
  Dl_info self{};
  std::vector<fs::path> files;
  if (dladdr(reinterpret_cast<void*>(&candidates), &self) != 0 && self.dli_fname != nullptr) {
    const fs::path folder = fs::absolute(self.dli_fname).parent_path();
    files.push_back(folder / kFileName);
    files.push_back(folder.parent_path() / "backend" / kFileName);  // the build tree
  }
  files.emplace_back(kFileName);  // the loader's own search path
  return files;
}

Backend& open_backend() {
  // OpenMP threads that spin for long slow down everything else in the process, and those that
  // sleep at once make small operations wait: a fifth of a training step. So they spin for some
  // microseconds. The runtime reads this when the backend pulls it in.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "10000", /*overwrite=*/0);
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
  std::string problems;
  for (const fs::path& file : candidates()) {
    // Never closed: LibTorch does not survive being unloaded.
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      problems += (problems.empty() ? "" : "; ") + std::string(dlerror());
      continue;
    }
    const auto entry = reinterpret_cast<BackendEntry>(dlsym(library, kEntryName));
    Backend* instance = entry == nullptr ? nullptr : entry(kBackendVersion);
    if (instance == nullptr) {
      throw DeviceError(
          "the compute library does not fit this libsvgen: build and install both together",
          {"interface version " + std::to_string(kBackendVersion),
           entry == nullptr ? "no svgen_backend symbol" : "another version", file.string()});
    }
    return *instance;
  }
  throw DeviceError(
      "the compute library cannot be opened: install LibTorch and libsvgen-torch.so, "
      "or name the file in SVGEN_BACKEND",
      {kFileName, problems, ""});
}

}  // namespace

Backend& backend() {
  // A failed attempt throws and is retried by the next caller.
  static Backend& instance = open_backend();
  return instance;
}

}  // namespace svgen
