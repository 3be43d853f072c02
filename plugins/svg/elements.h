// SPDX-License-Identifier: MIT
// The elements of the module.
#pragma once

#include <gst/gst.h>

namespace svgen::gst {

bool register_encode(GstPlugin* plugin);
bool register_align(GstPlugin* plugin);
bool register_diffuse(GstPlugin* plugin);
bool register_edit(GstPlugin* plugin);
bool register_decode(GstPlugin* plugin);
bool register_generate(GstPlugin* plugin);
bool register_stats(GstPlugin* plugin);
bool register_metrics(GstPlugin* plugin);
bool register_frechet(GstPlugin* plugin);
bool register_probe(GstPlugin* plugin);

}  // namespace svgen::gst
