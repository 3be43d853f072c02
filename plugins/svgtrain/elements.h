// SPDX-License-Identifier: MIT
// The elements of the module.
#pragma once

#include <gst/gst.h>

namespace svgen::gst {

bool register_scene_source(GstPlugin* plugin);
bool register_dataset_source(GstPlugin* plugin);
bool register_latent_sink(GstPlugin* plugin);
bool register_latent_source(GstPlugin* plugin);
bool register_autoencoder_trainer(GstPlugin* plugin);
bool register_diffusion_trainer(GstPlugin* plugin);
bool register_encoder_trainer(GstPlugin* plugin);

}  // namespace svgen::gst
