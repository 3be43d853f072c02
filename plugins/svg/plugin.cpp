// SPDX-License-Identifier: MIT
// The module libgstsvgen.so: names its elements, loads nothing heavy.
#include <gst/gst.h>

#include "common/batch_meta.h"
#include "svg/elements.h"

static gboolean plugin_init(GstPlugin* plugin) {
  using namespace svgen::gst;
  register_batch_meta();
  return register_encode(plugin) && register_align(plugin) && register_diffuse(plugin) &&
         register_edit(plugin) && register_decode(plugin) && register_generate(plugin) &&
         register_stats(plugin) && register_metrics(plugin) && register_frechet(plugin) &&
         register_probe(plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, svgen,
                  "Latent diffusion without a variational autoencoder (SVG)", plugin_init,
                  PACKAGE_VERSION, "MIT/X11", "svgen", "https://arxiv.org/abs/2510.15301")
