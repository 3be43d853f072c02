// SPDX-License-Identifier: MIT
// The elements of the module.
#pragma once

#include <gst/gst.h>

namespace svgen::gst {

bool register_scene_source(GstPlugin* plugin);
bool register_dataset_source(GstPlugin* plugin);
bool register_latent_sink(GstPlugin* plugin);
bool register_latent_source(GstPlugin* plugin);

}  // namespace svgen::gst
