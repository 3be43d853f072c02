// SPDX-License-Identifier: MIT
// Opens the library that computes.
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "svgen/backend.h"
#include "svgen/error.h"
#include "svgen/text.h"

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

// A distribution's have their version behind the name.
constexpr std::string_view kTorchLibraries[] = {"libc10.so", "libtorch_cpu.so", "libtorch.so"};

// LibTorch's libraries that this process has, whoever brought them: one name can be there once, and
// the compute library gets the one that is.
std::string loaded_torch() {
  std::vector<std::string> found;
  const auto look = [](dl_phdr_info* library, size_t, void* list) {
    const fs::path file = library->dlpi_name;
    if (std::any_of(
            std::begin(kTorchLibraries), std::end(kTorchLibraries),
            [&](std::string_view name) { return file.filename().string().starts_with(name); }))
      static_cast<std::vector<std::string>*>(list)->push_back(file.string());
    return 0;
  };
  dl_iterate_phdr(look, &found);
  return joined(found);
}

// The other file that the loader missed, by its own words; empty when it was something else.
std::string missing_library(const fs::path& file, const std::string& problem) {
  const size_t end = problem.find(": cannot open shared object file");
  const std::string name = problem.substr(0, end);
  return end == std::string::npos || name == file.string() ? "" : name;
}

// Explains why a file that is there could not be opened.
DeviceError why_not(const fs::path& file, const std::string& problem, const std::string& torch) {
  const std::string where = file.string() + "; see docs/troubleshooting.md";
  const std::string missing = missing_library(file, problem);
  if (!missing.empty())
    return DeviceError("the compute library needs " + missing +
                           ", which is not there: install LibTorch where it was at the build, or "
                           "name its folder in LD_LIBRARY_PATH",
                       {.expected = missing, .found = problem, .where = where});
  const bool fits = problem.find("undefined symbol") == std::string::npos &&
                    problem.find("version `") == std::string::npos;
  if (!fits && !torch.empty())
    return DeviceError(
        "another LibTorch is in this process already, and the compute library does not fit it: "
        "start the program without it (LD_PRELOAD, a torch of the program's own), or build svgen "
        "with that one (-Dlibtorch)",
        {.expected = "the LibTorch of the build",
         .found = torch + " already loaded; " + problem,
         .where = where});
  if (!fits)
    return DeviceError(
        "the compute library does not fit LibTorch or libsvgen as they are now: build and install "
        "all together",
        {.expected = "what it was built with", .found = problem, .where = where});
  return DeviceError(
      "the compute library cannot be opened: install LibTorch and libsvgen-torch.so, or name the "
      "file in SVGEN_BACKEND",
      {.expected = kFileName, .found = problem, .where = where});
}

Backend& open_library(void* library, const fs::path& file) {
  const auto entry = reinterpret_cast<BackendEntry>(dlsym(library, kEntryName));
  Backend* instance = entry == nullptr ? nullptr : entry(kBackendVersion);
  if (instance != nullptr) return *instance;
  throw DeviceError(
      "the compute library does not fit this libsvgen: build and install both together",
      {.expected = "interface version " + std::to_string(kBackendVersion),
       .found = entry == nullptr ? "no svgen_backend symbol" : "another version",
       .where = file.string() + "; see docs/troubleshooting.md"});
}

// Restores the application's signal handlers after loading. A distribution's LibTorch brings
// libraries of MPI, and one of them (UCX) takes SIGHUP and the signals of crashes for itself when
// it is loaded.
class KeptSignals {
 public:
  KeptSignals() {
    for (int signal = 1; signal < kCount; ++signal) sigaction(signal, nullptr, &actions_[signal]);
  }
  ~KeptSignals() {
    for (int signal = 1; signal < kCount; ++signal) {
      struct sigaction now {};
      if (sigaction(signal, nullptr, &now) != 0) continue;
      if (now.sa_sigaction != actions_[signal].sa_sigaction ||
          now.sa_flags != actions_[signal].sa_flags)
        sigaction(signal, &actions_[signal], nullptr);
    }
  }
  KeptSignals(const KeptSignals&) = delete;
  KeptSignals& operator=(const KeptSignals&) = delete;

 private:
  static constexpr int kCount = 32;  // behind the last that is not of real time
  std::array<struct sigaction, kCount> actions_{};
};

// Never closed: LibTorch does not survive being unloaded.
void* open_file(const fs::path& file) {
  const KeptSignals kept;
  return dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
}

Backend& open_backend() {
  // OpenMP threads that spin for long slow down everything else in the process, and those that
  // sleep at once make small operations wait: a fifth of a training step. So they spin for some
  // microseconds. The runtime reads this when the backend pulls it in.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "10000", /*overwrite=*/0);
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
  const std::string torch = loaded_torch();
  std::vector<std::string> absent;
  for (const fs::path& file : candidates()) {
    if (void* library = open_file(file)) return open_library(library, file);
    const std::string problem = dlerror();
    std::error_code ignored;
    if (fs::exists(file, ignored) || !missing_library(file, problem).empty())
      throw why_not(file, problem, torch);
    absent.push_back(problem);
  }
  throw DeviceError(
      "the compute library is not there: install libsvgen-torch.so (beside libsvgen.so), or name "
      "the file in SVGEN_BACKEND",
      {.expected = kFileName, .found = joined(absent, "; "), .where = "docs/troubleshooting.md"});
}

}  // namespace

Backend& backend() {
  // A failed attempt throws and is retried by the next caller.
  static Backend& instance = open_backend();
  return instance;
}

}  // namespace svgen
