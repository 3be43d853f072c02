// SPDX-License-Identifier: MIT
// The weaker model that guides another one (autoguidance).
#pragma once

#include <memory>
#include <string>

#include "common/model_client.h"

namespace svgen::gst {

/// Opens the model of that name, or the one that the card names, on the device and in the precision
/// of the model that it guides; null where neither names one. Throws what Engine::open throws.
std::shared_ptr<Engine> open_guidance_model(const std::string& name, const Card& card,
                                            const ModelSettings& settings);

}  // namespace svgen::gst
