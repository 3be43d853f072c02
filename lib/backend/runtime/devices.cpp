// SPDX-License-Identifier: MIT
// Finds the devices of this machine and the precisions they compute in.
#include "runtime/devices.h"

#include <ATen/Context.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "runtime/processor.h"
#include "svgen/error.h"

namespace svgen::runtime {
namespace {

int cuda_device_count() {
  return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

std::string existing_devices(int cuda_devices) {
  std::string text = "cpu";
  for (int i = 0; i < cuda_devices; ++i) text += ", cuda:" + std::to_string(i);
  return cuda_devices > 0 ? text
                          : text + (at::hasCUDA() ? " (the driver shows no CUDA device)"
                                                  : " (this LibTorch was built without CUDA)");
}

bool fits(DType dtype, Device device) {
  return dtype == DType::kFloat32 || dtype == DType::kBFloat16 ||
         (dtype == DType::kFloat16 && !device.is_cpu());
}

}  // namespace

int local_device(const char* local_rank, int devices) {
  if (local_rank == nullptr || devices < 1) return 0;
  const std::string text = local_rank;
  int rank = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), rank);
  const bool is_number = status == std::errc() && end == text.data() + text.size() && rank >= 0;
  return is_number ? rank % devices : 0;
}

Device resolve_device(const std::string& text) {
  const int cuda_devices = cuda_device_count();
  if (text == "auto" && cuda_devices == 0) return {};
  if (text == "auto")
    return {Device::Type::kCuda, local_device(std::getenv("LOCAL_RANK"), cuda_devices)};
  const Device device = Device::parse(text);
  if (device.is_cpu() || device.index < cuda_devices) return device;
  throw DeviceError(
      "the device " + text + " is not there: choose another or device=auto",
      {.expected = device.name(), .found = existing_devices(cuda_devices), .where = "device"});
}

DType resolve_dtype(const std::string& text, Device device, std::span<const DType> accepted) {
  if (text == "auto") {
    const auto fast = std::find_if(accepted.begin(), accepted.end(), [&](DType dtype) {
      return fits(dtype, device) && (!device.is_cpu() || runtime::has_pair_products());
    });
    return fast == accepted.end() ? DType::kFloat32 : *fast;
  }
  const DType dtype = parse_dtype(text);
  if (fits(dtype, device)) return dtype;
  throw ConfigurationError(
      "the models do not compute in " + text + " on " + device.name() + ": choose another dtype",
      {.expected =
           device.is_cpu() ? "auto, float32 or bfloat16" : "auto, float32, bfloat16 or float16",
       .found = text,
       .where = "dtype"});
}

}  // namespace svgen::runtime
