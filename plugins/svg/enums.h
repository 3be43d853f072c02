// SPDX-License-Identifier: MIT
// The enumerations that are properties.
#pragma once

#include "common/properties.h"
#include "svgen/engine.h"

namespace svgen::gst {

/// Says what happens to a last batch that is not full.
enum class PartialBatch { kRenegotiate, kPad, kDrop };

template <>
GType enum_type<FeatureKind>();
template <>
GType enum_type<AlignmentMode>();
template <>
GType enum_type<SolverKind>();
template <>
GType enum_type<GuidanceSchedule>();
template <>
GType enum_type<PartialBatch>();

}  // namespace svgen::gst
