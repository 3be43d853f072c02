// SPDX-License-Identifier: MIT
// Device names.
#include "svgen/device.h"

#include <charconv>

#include "svgen/error.h"

namespace svgen {

std::string Device::name() const {
  return is_cpu() ? "cpu" : "cuda:" + std::to_string(index);
}

Device Device::parse(std::string_view text) {
  if (text == "cpu") return {};
  constexpr std::string_view kCuda = "cuda";
  if (text == kCuda) return {Type::kCuda, 0};
  if (text.starts_with("cuda:")) {
    const std::string_view number = text.substr(kCuda.size() + 1);
    int index = -1;
    const auto [end, status] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (status == std::errc() && end == number.data() + number.size() && index >= 0)
      return {Type::kCuda, index};
  }
  throw ConfigurationError(
      "unknown device: use auto, cpu, cuda or cuda:N",
      {.expected = "auto, cpu, cuda or cuda:N", .found = std::string(text), .where = "device"});
}

}  // namespace svgen
