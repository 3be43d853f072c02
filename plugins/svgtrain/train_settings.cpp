// SPDX-License-Identifier: MIT
// The settings that both trainers have.
#include "svgtrain/train_settings.h"

namespace svgen::gst {

void fill_options(const TrainSettings& settings, const std::string& card, TrainerOptions& options) {
  options.model = {card, settings.device, settings.dtype};
  options.initialize = settings.initialize;
  options.checkpoint = settings.checkpoint;
  options.resume = settings.resume;
}

}  // namespace svgen::gst
