// SPDX-License-Identifier: MIT
// Reads 8-bit pictures of a safetensors file, for tests that run without the compute library.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "svgen/picture.h"

namespace svgen::testing {

/// Tensor `name`, uint8 [height, width, 3].
inline Picture read_picture(const std::filesystem::path& file, const std::string& name) {
  std::ifstream stream(file, std::ios::binary);
  uint64_t length = 0;
  stream.read(reinterpret_cast<char*>(&length), sizeof(length));
  std::string header(length, '\0');
  stream.read(header.data(), static_cast<std::streamsize>(length));
  const nlohmann::json entry = nlohmann::json::parse(header).at(name);
  EXPECT_EQ(entry.at("dtype"), "U8");
  Picture picture(entry.at("shape").at(1), entry.at("shape").at(0));
  stream.seekg(static_cast<std::streamoff>(sizeof(length) + length) +
               entry.at("data_offsets").at(0).get<std::streamoff>());
  stream.read(reinterpret_cast<char*>(picture.pixels.data()),
              static_cast<std::streamsize>(picture.pixels.size()));
  EXPECT_TRUE(stream.good()) << name;
  return picture;
}

}  // namespace svgen::testing
