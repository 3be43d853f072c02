// SPDX-License-Identifier: MIT
// The GType of the choice, which each module asks for and the first one registers.
#include "common/sharing.h"

#include <gst/gst.h>

namespace svgen::gst {

template <>
GType enum_type<ShardChoice>() {
  static const GEnumValue values[] = {
      {static_cast<gint>(ShardChoice::kAuto),
       "Processes with RANK and WORLD_SIZE in their environment make a share each", "auto"},
      {static_cast<gint>(ShardChoice::kNone), "Every process makes all images", "none"},
      {}};
  static const GType type = [] {
    constexpr const char* kName = "GstSvgShard";
    if (const GType known = g_type_from_name(kName); known != 0) return known;
    const GType made = g_enum_register_static(kName, values);
    gst_type_mark_as_plugin_api(made, static_cast<GstPluginAPIFlags>(0));
    return made;
  }();
  return type;
}

}  // namespace svgen::gst
