// SPDX-License-Identifier: MIT
// Opening a guidance model.
#include "svg/guidance_model.h"

#include <filesystem>

namespace svgen::gst {

std::shared_ptr<Engine> open_guidance_model(const std::string& name, const Card& card,
                                            const ModelSettings& settings) {
  std::string found = name;
  if (found.empty() && !card.guidance_model.empty()) {
    // A name of the search path, or a path that starts at the card.
    const auto beside = card.path.parent_path() / card.guidance_model;
    found = std::filesystem::exists(beside) ? beside.string() : card.guidance_model;
  }
  if (found.empty()) return nullptr;
  return Engine::open({.model = found, .device = settings.device, .dtype = settings.dtype});
}

}  // namespace svgen::gst
