// SPDX-License-Identifier: MIT
// Opens libsvgen-imageio.
#include "svgtrain/imageio_loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "svgen/error.h"
#include "svgen/text.h"
#include "svgtrain/imageio.h"

namespace svgen::gst {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> candidates() {
  const char* named = std::getenv("SVGEN_IMAGEIO");
  if (named != nullptr && *named != '\0') return {named};
  std::vector<fs::path> files;
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&candidates), &self) != 0 && self.dli_fname != nullptr) {
    const fs::path folder = fs::absolute(self.dli_fname).parent_path();
    files = {folder / kImageIoFile, folder.parent_path() / kImageIoFile};
  }
  files.emplace_back(kImageIoFile);  // the loader's own search path
  return files;
}

}  // namespace

void* imageio_symbol(const char* name) {
  std::vector<std::string> problems;
  for (const fs::path& file : candidates()) {
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open
    if (library != nullptr) {
      if (void* symbol = dlsym(library, name)) return symbol;
    }
    const char* reason = dlerror();
    problems.emplace_back(reason == nullptr ? "" : reason);
  }
  throw DeviceError(
      "the module that knows picture formats cannot be opened: install it with OpenCV, or name "
      "its file in SVGEN_IMAGEIO",
      {.expected = kImageIoFile, .found = svgen::joined(problems, "; ")});
}

}  // namespace svgen::gst
