// SPDX-License-Identifier: MIT
// Named numbers, as a message's structure and as a line of JSON.
#pragma once

#include <gst/gst.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/handles.h"

namespace svgen::gst {

class Report {
 public:
  using Value = std::variant<int64_t, double>;

  /// `name` in GStreamer's spelling ("mean-psnr").
  Report& add(const char* name, Value value);

  StructurePtr structure(const char* message) const;
  /// An object and a line end; names with underscores, null for what is not finite.
  std::string json() const;

 private:
  std::vector<std::pair<std::string, Value>> entries_;
};

}  // namespace svgen::gst
