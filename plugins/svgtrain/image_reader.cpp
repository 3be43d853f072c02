// SPDX-License-Identifier: MIT
// Reading and decoding files.
#include "svgtrain/image_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "media/picture_facts.h"
#include "svgen/error.h"
#include "svgtrain/imageio.h"
#include "svgtrain/imageio_loader.h"

namespace svgen::gst {
namespace fs = std::filesystem;
namespace {

DecodeFunction decoder() {
  // A failed attempt throws and is retried by the next caller.
  static const auto instance = reinterpret_cast<DecodeFunction>(imageio_symbol(kDecodeSymbol));
  return instance;
}

std::vector<uint8_t> contents(const fs::path& file) {
  std::error_code problem;
  const uintmax_t size = fs::file_size(file, problem);
  std::ifstream stream(file, std::ios::binary);
  if (problem || !stream) {
    throw IoError("a picture cannot be opened",
                  {.expected = "a readable file",
                   .found = problem ? problem.message() : std::strerror(errno),
                   .where = file.string()});
  }
  if (size == 0 || size > static_cast<uintmax_t>(std::numeric_limits<int>::max())) {
    throw IoError("a file cannot be a picture", {.expected = "1 byte to 2 GiB",
                                                 .found = std::to_string(size) + " bytes",
                                                 .where = file.string()});
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw IoError("a picture cannot be read", {.expected = std::to_string(size) + " bytes",
                                               .found = std::to_string(stream.gcount()),
                                               .where = file.string()});
  }
  return bytes;
}

// The headline says what to do; `found` what the file is.
void check(const PictureFacts& facts, const ReadOptions& options, const fs::path& file) {
  if (!facts.is_read) {
    throw IoError("a picture cannot be decoded: convert it to PNG or JPEG",
                  {.expected = "JPEG, PNG, WebP, TIFF, BMP, PNM or JPEG 2000",
                   .found = facts.format.empty() ? "the file is damaged or not a picture"
                                                 : "a picture of the kind " + facts.format,
                   .where = file.string()});
  }
  if (facts.truncated) {
    throw IoError(
        "a picture cannot be decoded",
        {.expected = "a whole file", .found = "the file is truncated", .where = file.string()});
  }
  if (facts.width == 0 || facts.height <= options.max_pixels / facts.width) return;
  throw IoError("a picture has too many pixels: make it smaller, or raise " + options.limit +
                    " (and above 1073741824 the variable OPENCV_IO_MAX_IMAGE_PIXELS)",
                {.expected = "at most " + std::to_string(options.max_pixels) + " pixels",
                 .found = std::to_string(facts.width) + " x " + std::to_string(facts.height),
                 .where = file.string()});
}

// Decoders turn a TIFF picture and multiply it with its alpha as its own tags say, versions of
// OpenCV differently: not so when the tags say that this has been done.
void take_tags_away(const PictureFacts& facts, std::vector<uint8_t>& bytes) {
  for (const size_t at : {facts.orientation_at, facts.alpha_at})
    if (at != 0) bytes[at + (facts.big_endian ? 1 : 0)] = 1;
}

AlphaKind alpha_of(const PictureFacts& facts, const ReadOptions& options) {
  if (options.alpha == Alpha::kDrop || !facts.may_have_alpha) return AlphaKind::kNone;
  return facts.premultiplied ? AlphaKind::kPremultiplied : AlphaKind::kStraight;
}

Picture decoded(std::span<const uint8_t> bytes, AlphaKind alpha, const fs::path& file) {
  Picture picture;
  std::string problem;
  if (decoder()(bytes, alpha, picture, problem)) return picture;
  throw IoError("a picture cannot be decoded",
                {.expected = "JPEG, PNG, WebP, ...", .found = problem, .where = file.string()});
}

void copy_pixels(const ImageView& from, const MutableImageView& to, int64_t left, int64_t top) {
  const int64_t width = std::min(from.width, to.width - left);
  for (int c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < std::min(from.height, to.height - top); ++y) {
      const uint8_t* source = from.row(c, y);
      uint8_t* target = to.row(c, y + top) + left * to.pixel_stride;
      for (int64_t x = 0; x < width; ++x)
        target[x * to.pixel_stride] = source[x * from.pixel_stride];
    }
  }
}

// The first frame of an animation on white (black where alpha is left out, as elsewhere).
Picture first_frame(const PictureFacts& facts, std::span<const uint8_t> bytes,
                    const ReadOptions& options, const fs::path& file) {
  const WebPFrame frame = first_webp_frame(bytes);
  const Picture part = decoded(frame.file, alpha_of(picture_facts(frame.file), options), file);
  Picture whole(facts.width, facts.height);
  const bool white = options.alpha == Alpha::kWhite;
  std::fill(whole.pixels.begin(), whole.pixels.end(), static_cast<uint8_t>(white ? 255 : 0));
  copy_pixels(part.view(), whole.mutable_view(), frame.x, frame.y);
  return whole;
}

// The decoder knows of one transparent grey in no PNG file.
void whiten(int grey, Picture& picture) {
  for (uint8_t& value : picture.pixels)
    if (std::cmp_equal(value, grey)) value = 255;
}

Picture turned(Picture stored, int orientation) {
  if (orientation == 1) return stored;
  const ImageView seen = oriented(stored.view(), orientation);
  Picture upright(seen.width, seen.height);
  copy_pixels(seen, upright.mutable_view(), 0, 0);
  return upright;
}

}  // namespace

Picture read_image(const fs::path& file, const ReadOptions& options, std::string* note) {
  std::vector<uint8_t> bytes = contents(file);
  const PictureFacts facts = picture_facts(bytes);
  check(facts, options, file);
  take_tags_away(facts, bytes);
  Picture stored = facts.format == "WebP" && facts.pictures > 1
                       ? first_frame(facts, bytes, options, file)
                       : decoded(bytes, alpha_of(facts, options), file);
  if (options.alpha == Alpha::kWhite) whiten(facts.transparent_grey, stored);
  if (note != nullptr && facts.pictures > 1)
    *note = "an animation, or several pages: its first picture is taken";
  const bool turns = options.orientation == Orientation::kApply;
  return turned(std::move(stored), turns ? facts.orientation : 1);
}

}  // namespace svgen::gst
