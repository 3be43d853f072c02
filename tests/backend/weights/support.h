// SPDX-License-Identifier: MIT
// Files made byte by byte for the tests of the readers, and comparisons of sources.
#pragma once

#include <ATen/ops/equal.h>

#include <set>
#include <utility>
#include <vector>

#include "data/archives.h"
#include "svgen/support.h"
#include "weights/state_source.h"

namespace svgen::weights::testing {

using svgen::testing::floats;
using svgen::testing::number;
using svgen::testing::read_text;
using svgen::testing::report_of;
using svgen::testing::ScratchFolder;
using svgen::testing::zip;
using svgen::testing::ZipFile;

inline std::filesystem::path tiny(const std::string& name) {
  return std::filesystem::path(SVGEN_TEST_DATA) / "tiny" / name;
}

inline std::string safetensors(const std::string& header, const std::string& data) {
  return number(header.size(), 8) + header + data;
}

// Pieces of a pickle of protocol 2, as bytes.
namespace pickle {

inline std::string text(const std::string& value) {
  return "X" + number(value.size(), 4) + value;
}
inline std::string integer(int64_t value) {
  return "J" + number(static_cast<uint64_t>(value), 4);
}
inline std::string long_integer(int64_t value) {
  return "\x8a\x08" + number(static_cast<uint64_t>(value), 8);
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const std::string& item : items) bytes += item;
  return bytes + "t";
}
inline std::string integers(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (const int64_t value : values) items.push_back(long_integer(value));
  return tuple(items);
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) bytes += text(key) + value;
  return bytes + "u";
}
inline std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}
inline std::string storage(const std::string& type, const std::string& key, int64_t count) {
  return tuple({text("storage"), global("torch", type), text(key), text("cuda:0"),
                long_integer(count)}) +
         "Q";
}
inline std::string tensor(const std::string& from, int64_t offset,
                          const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {from, long_integer(offset), integers(shape), integers(strides), "\x89", "N"});
}
inline std::string whole(const std::string& value) {
  return "\x80\x02" + value + ".";
}

}  // namespace pickle

/// Returns the file that torch.save would have made of a pickle and its storages.
inline std::string torch_zip(const std::string& value,
                             const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<ZipFile> files = {{"archive/data.pkl", pickle::whole(value)}};
  for (const auto& [key, content] : storages) files.push_back({"archive/data/" + key, content});
  return zip(files);
}

inline std::set<std::string> names(const StateSource& source) {
  std::set<std::string> all;
  for (const TensorInfo& info : source.tensors()) all.insert(info.name);
  return all;
}

/// Expects the same names, dtypes, shapes and values.
inline void expect_same(const StateSource& found, const StateSource& expected) {
  ASSERT_EQ(names(found), names(expected));
  for (const TensorInfo& info : expected.tensors()) {
    const at::Tensor tensor = found.read(info.name);
    EXPECT_EQ(tensor.scalar_type(), info.dtype) << info.name;
    EXPECT_EQ(found.find(info.name)->shape, tensor.sizes().vec()) << info.name;
    EXPECT_TRUE(tensor.is_contiguous()) << info.name;
    EXPECT_TRUE(at::equal(tensor, expected.read(info.name))) << info.name;
  }
}

}  // namespace svgen::weights::testing
