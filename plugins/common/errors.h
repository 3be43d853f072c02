// SPDX-License-Identifier: MIT
// The one place where exceptions become element errors.
#pragma once

#include <gst/gst.h>

#include "svgen/error.h"

namespace svgen::gst {

/// Posts the exception being handled as an error message of `element`: the headline says what to
/// do; the debug text and the message's details structure carry expected, found and where.
void post_current_exception(GstElement* element) noexcept;

}  // namespace svgen::gst
