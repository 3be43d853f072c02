// SPDX-License-Identifier: MIT
// Reading and decoding files.
#include "svgtrain/image_reader.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "svgen/error.h"
#include "svgtrain/imageio.h"
#include "svgtrain/imageio_loader.h"

namespace svgen::gst {
namespace fs = std::filesystem;
namespace {

DecodeFunction decoder() {
  // A failed attempt throws and is retried by the next caller.
  static const auto instance = reinterpret_cast<DecodeFunction>(imageio_symbol(kDecodeSymbol));
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
