// SPDX-License-Identifier: MIT
// Reads what the bytes of a picture file say before anything is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace svgen {

struct PictureFacts {
  std::string format;             // "JPEG", "GIF", ...; empty: no kind of picture that is known
  bool is_read = false;           // whether this kind is decoded here
  int64_t width = 0, height = 0;  // as stored, before any turn; 0: the file does not say
  int orientation = 1;            // EXIF's 1 to 8: how a picture has to be turned and mirrored
  bool may_have_alpha = false;
  bool premultiplied = false;  // colours have been multiplied with alpha
  int transparent_grey = -1;   // of a grey PNG without alpha, as eight bits; -1: none
  // The places of orientation and kind of alpha in a TIFF file, two bytes each; 0: nowhere.
  size_t orientation_at = 0, alpha_at = 0;
  bool big_endian = false;
  int64_t pictures = 1;    // above 1: an animation, or several pages
  bool truncated = false;  // a JPEG file without its end
};

/// Safe for any bytes.
PictureFacts picture_facts(std::span<const uint8_t> file);

/// The first picture of an animated WebP file as a still one of its own, and where it lies in the
/// picture. Empty bytes when there is none.
struct WebPFrame {
  std::vector<uint8_t> file;
  int64_t x = 0, y = 0;
};
WebPFrame first_webp_frame(std::span<const uint8_t> file);

}  // namespace svgen
