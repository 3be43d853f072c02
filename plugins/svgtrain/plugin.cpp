// SPDX-License-Identifier: MIT
// The module libgstsvgtrain.so: names its elements, loads nothing heavy.
#include <gst/gst.h>

#include "common/batch_meta.h"
#include "svgtrain/elements.h"

static gboolean plugin_init(GstPlugin* plugin) {
  using namespace svgen::gst;
  register_batch_meta();
  return register_scene_source(plugin) && register_dataset_source(plugin) &&
         register_latent_sink(plugin) && register_latent_source(plugin) &&
         register_autoencoder_trainer(plugin) && register_diffusion_trainer(plugin) &&
         register_encoder_trainer(plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, svgtrain,
                  "Training data and training for latent diffusion without a variational "
                  "autoencoder (SVG)",
                  plugin_init, PACKAGE_VERSION, "MIT/X11", "svgen",
                  "https://arxiv.org/abs/2510.15301")
