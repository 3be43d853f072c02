// SPDX-License-Identifier: MIT
// The enumerations that are properties.
#pragma once

#include "common/properties.h"
#include "svgen/engine.h"
#include "svgen/noise_walk.h"

namespace svgen::gst {

/// Says what happens to a last batch that is not full.
enum class PartialBatch { kRenegotiate, kPad, kDrop };

/// Says what of a Gaussian posterior leaves an encoder.
enum class Posterior { kMean, kSample };

/// Says which noise an edit starts from.
enum class EditNoise { kPerImage, kFixed };

template <>
GType enum_type<Posterior>();
template <>
GType enum_type<EditNoise>();
template <>
GType enum_type<NoiseWalk>();
template <>
GType enum_type<FeatureKind>();
template <>
GType enum_type<AlignmentMode>();
template <>
GType enum_type<SolverKind>();
template <>
GType enum_type<GuidanceSchedule>();
template <>
GType enum_type<DiffusionForm>();
template <>
GType enum_type<LastStep>();
template <>
GType enum_type<TimestepSpacing>();
template <>
GType enum_type<PartialBatch>();

}  // namespace svgen::gst
