// SPDX-License-Identifier: MIT
// Opens the decoding module, reads files.
#include "svgtrain/image_reader.h"

#include <dlfcn.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "svgen/error.h"
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

DecodeFunction open_decoder() {
  std::string problems;
  for (const fs::path& file : candidates()) {
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open
    if (library != nullptr) {
      if (void* symbol = dlsym(library, kDecodeSymbol)) {
        return reinterpret_cast<DecodeFunction>(symbol);
      }
    }
    const char* reason = dlerror();
    problems += (problems.empty() ? "" : "; ") + std::string(reason == nullptr ? "" : reason);
  }
  throw DeviceError(
      "the module that decodes pictures cannot be opened: install it with OpenCV, or name its file "
      "in SVGEN_IMAGEIO",
      {kImageIoFile, problems, ""});
}

DecodeFunction decoder() {
  // A failed attempt throws and is retried by the next caller.
  static const DecodeFunction instance = open_decoder();
  return instance;
}

std::vector<uint8_t> contents(const fs::path& file) {
  std::error_code problem;
  const uintmax_t size = fs::file_size(file, problem);
  std::ifstream stream(file, std::ios::binary);
  if (problem || !stream) {
    throw IoError("a picture cannot be opened",
                  {"a readable file", problem ? problem.message() : std::strerror(errno), file});
  }
  if (size == 0 || size > static_cast<uintmax_t>(std::numeric_limits<int>::max())) {
    throw IoError("a file cannot be a picture",
                  {"1 byte to 2 GiB", std::to_string(size) + " bytes", file});
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw IoError("a picture cannot be read",
                  {std::to_string(size) + " bytes", std::to_string(stream.gcount()), file});
  }
  return bytes;
}

}  // namespace

Picture read_image(const fs::path& file) {
  const std::vector<uint8_t> bytes = contents(file);
  Picture picture;
  std::string problem;
  if (decoder()(bytes, picture, problem)) return picture;
  throw IoError("a picture cannot be decoded", {"JPEG, PNG, WebP, ...", problem, file});
}

}  // namespace svgen::gst
