// SPDX-License-Identifier: MIT
// The URIs of svggenerate: svg://MODEL?KEY=VALUE&...
#pragma once

#include <gst/gst.h>

#include <string>
#include <utility>
#include <vector>

namespace svgen::gst {

inline constexpr const char* kUriScheme = "svg";

/// Reads a URI into properties of the element and their values as text, in the order of the keys.
///
/// MODEL is a name or a path (svg:///folder/card.json); none is the embedded model. A key is a
/// property, or a short name: n is num-images, cfg guidance-scale, batch batch-size. Without
/// framerate there is one image a second, or a player would show all at once.
///
/// ConfigurationError when the text is no such URI.
std::vector<std::pair<std::string, std::string>> parse_uri(const std::string& text);

/// Sets a property from text; ConfigurationError when there is no such property, when the text is
/// no value of it, or when the value is outside its range.
void set_from_text(GObject* object, const std::string& property, const std::string& text);

}  // namespace svgen::gst
