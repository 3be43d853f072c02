// SPDX-License-Identifier: MIT
// The enumerations that are properties of the data sources and the trainers.
#pragma once

#include "common/properties.h"
#include "scenes/scene.h"
#include "svgen/trainer.h"
#include "svgtrain/image_reader.h"

namespace svgen::gst {

/// Says which square of a picture svgdatasetsrc takes.
enum class Crop { kCenter, kRandom };

template <>
GType enum_type<Crop>();
template <>
GType enum_type<Orientation>();
template <>
GType enum_type<Alpha>();
template <>
GType enum_type<Backgrounds>();
template <>
GType enum_type<Initialization>();
template <>
GType enum_type<AutoencoderObjective>();
template <>
GType enum_type<TimeDistribution>();
template <>
GType enum_type<ViewToken>();
template <>
GType enum_type<TeacherTargets>();

}  // namespace svgen::gst
