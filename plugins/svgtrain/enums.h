// SPDX-License-Identifier: MIT
// The enumerations that are properties of the data sources.
#pragma once

#include "common/properties.h"
#include "svgen/scene.h"

namespace svgen::gst {

/// Which square of a picture svgdatasetsrc takes.
enum class Crop { kCenter, kRandom };

template <>
GType enum_type<Crop>();
template <>
GType enum_type<Backgrounds>();

}  // namespace svgen::gst
