// SPDX-License-Identifier: MIT
// Words what a training says when its data do not fit.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "svgen/card.h"

namespace svgen::gst {

/// A stream that ended, and the training behind it.
struct EndOfData {
  int64_t first_step = 0, last_step = 0;  // of this run
  int64_t max_steps = -1;                 // -1: no end was asked for
  int64_t waiting = 0;                    // images that are no batch
  int64_t batch_size = 1;
};

/// ConfigurationError when fewer steps were taken than asked for, or none.
void check_end(const EndOfData& end, const std::string& element);

/// IoError: the stream ended before anything came.
[[noreturn]] void refuse_empty_stream(const std::string& element);

/// Warns when the data name so many classes and the card, which names none, has another number.
void warn_of_other_classes(GstElement* element, const Card& card, size_t named);

/// A warning that an earlier training's checkpoints went into `folder`; nothing when it is empty.
void warn_of_earlier_training(GstElement* element, const std::filesystem::path& folder);

}  // namespace svgen::gst
