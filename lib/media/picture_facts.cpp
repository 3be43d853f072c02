// SPDX-License-Identifier: MIT
// Headers of picture files: https://www.w3.org/TR/png, the JPEG standard (ITU T.81), TIFF 6.0 and
// EXIF, https://developers.google.com/speed/webp/docs/riff_container, JPEG 2000 (ITU T.800).
#include "media/picture_facts.h"

#include <algorithm>
#include <string_view>

namespace svgen {
namespace {

using Span = std::span<const uint8_t>;

// A number of the file; 0 where it has no such bytes.
uint32_t number(Span file, size_t at, size_t size, bool big) {
  if (at > file.size() || file.size() - at < size) return 0;
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= uint32_t{file[at + i]} << 8 * (big ? size - 1 - i : i);
  return value;
}
uint32_t big(Span file, size_t at, size_t size = 4) {
  return number(file, at, size, true);
}
uint32_t little(Span file, size_t at, size_t size = 4) {
  return number(file, at, size, false);
}

bool has(Span file, size_t at, std::string_view text) {
  return at <= file.size() && file.size() - at >= text.size() &&
         std::equal(
             text.begin(), text.end(), file.begin() + static_cast<ptrdiff_t>(at),
             [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

Span behind(Span file, size_t at) {
  return file.subspan(std::min(at, file.size()));
}

// The first directory of a TIFF file, which is also what EXIF data are. Gives where the value of
// its orientation lies (0: nowhere).
void read_tiff(Span file, PictureFacts& facts) {
  enum Tag { kKind = 254, kWidth = 256, kHeight = 257, kOrientation = 274, kMoreSamples = 338 };
  constexpr size_t kEntry = 12, kLargest = 4096;
  const bool order = has(file, 0, "MM");
  const auto value = [&](size_t at, size_t size) { return number(file, at, size, order); };
  const size_t directory = value(4, 4), count = std::min<size_t>(value(directory, 2), kLargest);
  facts.big_endian = order;
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + i * kEntry, at = entry + 8;
    const bool is_short = value(entry + 2, 2) == 3;
    const uint32_t found = value(at, is_short ? 2 : 4);
    switch (value(entry, 2)) {
      case kWidth:
        facts.width = found;
        break;
      case kHeight:
        facts.height = found;
        break;
      case kMoreSamples:
        facts.may_have_alpha = is_short && (found == 1 || found == 2);
        facts.premultiplied = found == 1;
        if (facts.may_have_alpha) facts.alpha_at = at;
        break;
      case kOrientation:
        if (!is_short || found < 1 || found > 8) break;
        facts.orientation = static_cast<int>(found);
        facts.orientation_at = at;
        break;
      default:
        break;
    }
  }
  const size_t next = value(directory + 2 + count * kEntry, 4);
  if (next == 0 || next >= file.size() || value(next, 2) == 0) return;
  // A smaller version of the same picture is none of its own.
  const size_t entry = next + 2;
  const bool smaller = value(entry, 2) == kKind && (value(entry + 8, 4) & 1) != 0;
  if (!smaller) facts.pictures = 2;
}

// Reads EXIF data inside of another file.
void read_exif(Span data, PictureFacts& facts) {
  if (has(data, 0, {"Exif\0\0", 6})) data = data.subspan(6);
  if (!has(data, 0, {"II*\0", 4}) && !has(data, 0, {"MM\0*", 4})) return;
  PictureFacts exif;
  read_tiff(data, exif);
  facts.orientation = exif.orientation;
}

// The decoder fills the missing rest of a JPEG file with grey; PIL and others call it an error. A
// complete file has an end marker behind its first scan (thumbnails have theirs before).
void read_jpeg(Span file, PictureFacts& facts) {
  enum Marker {
    kStart = 0xD8,
    kEnd = 0xD9,
    kScan = 0xDA,
    kApp1 = 0xE1,
    kFirstFrame = 0xC0,
    kLastFrame = 0xCF,
    kRestart = 0xD0,
    kAlone = 0x01,
    kFill = 0xFF
  };
  size_t at = 2;
  while (true) {
    if (big(file, at, 1) != 0xFF) break;
    while (big(file, at, 1) == kFill) ++at;  // any number of fill bytes before a marker
    const uint32_t marker = big(file, at++, 1);
    if (marker == kScan || at >= file.size()) break;
    if (marker == kAlone || (marker >= kRestart && marker <= kEnd)) continue;  // without a length
    const size_t length = big(file, at, 2);
    // C4, C8 and CC define tables.
    const bool frame = marker >= kFirstFrame && marker <= kLastFrame && marker % 4 != 0;
    if (frame || marker == kFirstFrame) {
      facts.height = big(file, at + 3, 2);
      facts.width = big(file, at + 5, 2);
    }
    if (marker == kApp1 && has(file, at + 2, {"Exif\0\0", 6}) && length > 2)
      read_exif(behind(file, at + 2).first(std::min(length - 2, behind(file, at + 2).size())),
                facts);
    at += std::max<size_t>(2, length);
  }
  constexpr std::string_view kEndMarker = "\xFF\xD9";
  const Span scan = behind(file, at);
  facts.truncated =
      std::search(scan.begin(), scan.end(), kEndMarker.begin(), kEndMarker.end(),
                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }) == scan.end();
}

constexpr size_t kBitDepth = 24, kColourType = 25;  // in the header of a PNG file

// The value that tRNS names, as eight bits.
int grey_key(Span file, size_t at) {
  const uint32_t depth = big(file, kBitDepth, 1), value = big(file, at, 2);
  if (depth == 16) return static_cast<int>(value >> 8);
  if (depth == 0 || depth > 8) return -1;
  return static_cast<int>(value * 255 / ((1u << depth) - 1) & 255);
}

void read_png(Span file, PictureFacts& facts) {
  constexpr size_t kFrame = 12;  // length, name and checksum
  for (size_t at = 8; at < file.size();) {
    const size_t length = big(file, at), data = at + 8;
    if (has(file, at + 4, "IHDR")) {
      facts.width = big(file, data);
      facts.height = big(file, data + 4);
      facts.may_have_alpha = (big(file, data + 9, 1) & 4) != 0;
    } else if (has(file, at + 4, "tRNS")) {
      facts.may_have_alpha = true;
      if (big(file, kColourType, 1) == 0) facts.transparent_grey = grey_key(file, data);
    } else if (has(file, at + 4, "acTL")) {
      facts.pictures = std::max<int64_t>(1, big(file, data));
    } else if (has(file, at + 4, "eXIf")) {
      read_exif(behind(file, data).first(std::min(length, behind(file, data).size())), facts);
    } else if (has(file, at + 4, "IEND")) {
      return;
    }
    at += kFrame + length;
  }
}

// Calls `use(name, data)` for the chunks of RIFF data.
template <typename Use>
void for_chunks(Span chunks, Use use) {
  while (chunks.size() >= 8) {
    const size_t length = std::min<size_t>(little(chunks, 4), chunks.size() - 8);
    use(chunks, chunks.subspan(8, length));
    chunks = behind(chunks, 8 + length + length % 2);
  }
}

void read_webp(Span file, PictureFacts& facts) {
  constexpr uint32_t kAlphaFlag = 0x10;
  int64_t frames = 0;
  for_chunks(behind(file, 12), [&](Span name, Span data) {
    if (has(name, 0, "VP8X")) {
      facts.may_have_alpha = (little(data, 0, 1) & kAlphaFlag) != 0;
      facts.width = 1 + int64_t{little(data, 4, 3)};
      facts.height = 1 + int64_t{little(data, 7, 3)};
    } else if (has(name, 0, "VP8 ") && facts.width == 0) {
      facts.width = little(data, 6, 2) & 0x3FFF;
      facts.height = little(data, 8, 2) & 0x3FFF;
    } else if (has(name, 0, "VP8L") && facts.width == 0) {
      const uint32_t bits = little(data, 1);
      facts.width = 1 + (bits & 0x3FFF);
      facts.height = 1 + (bits >> 14 & 0x3FFF);
      facts.may_have_alpha = (bits >> 28 & 1) != 0;
    } else if (has(name, 0, "EXIF")) {
      read_exif(data, facts);
    } else if (has(name, 0, "ANMF")) {
      ++frames;
    }
  });
  facts.pictures = std::max<int64_t>(1, frames);
}

void read_bmp(Span file, PictureFacts& facts) {
  const bool old = little(file, 14) == 12;
  const auto side = [&](size_t at) {
    return std::abs(int64_t{static_cast<int32_t>(little(file, at))});
  };
  facts.width = old ? little(file, 18, 2) : side(18);
  facts.height = old ? little(file, 20, 2) : side(22);
}

// Numbers of a PNM header stand apart by white space and comments.
void read_pnm(Span file, PictureFacts& facts) {
  constexpr int64_t kTooLarge = int64_t{1} << 40;
  size_t at = 2;
  const auto next = [&] {
    int64_t value = 0;
    while (at < file.size() && (file[at] < '0' || file[at] > '9')) {
      if (file[at] == '#')
        while (at < file.size() && file[at] != '\n') ++at;
      if (at < file.size()) ++at;
    }
    for (; at < file.size() && file[at] >= '0' && file[at] <= '9'; ++at)
      value = std::min(kTooLarge, value * 10 + (file[at] - '0'));
    return value;
  };
  facts.width = next();
  facts.height = next();
}

void read_jpeg2000(Span file, PictureFacts& facts) {
  constexpr std::string_view kHeader = "ihdr";
  const Span start = file.first(std::min<size_t>(file.size(), 512));
  const auto found = std::search(start.begin(), start.end(), kHeader.begin(), kHeader.end());
  if (found == start.end()) return;
  const auto at = static_cast<size_t>(found - start.begin()) + kHeader.size();
  facts.height = big(file, at);
  facts.width = big(file, at + 4);
  const uint32_t channels = big(file, at + 8, 2);
  facts.may_have_alpha = channels == 2 || channels == 4;
}

using Reader = void (*)(Span, PictureFacts&);

struct FormatRow {
  const char* name;
  size_t at;
  std::string_view signature;
  Reader read = nullptr;  // null: not decoded here
};

constexpr FormatRow kFormats[] = {
    {"JPEG", 0, "\xFF\xD8\xFF", read_jpeg},
    {"PNG", 0, {"\x89PNG\r\n\x1a\n", 8}, read_png},
    {"WebP", 8, "WEBPVP8", read_webp},
    {"TIFF", 0, {"II*\0", 4}, read_tiff},
    {"TIFF", 0, {"MM\0*", 4}, read_tiff},
    {"PNM", 0, "P1", read_pnm},
    {"PNM", 0, "P2", read_pnm},
    {"PNM", 0, "P3", read_pnm},
    {"PNM", 0, "P4", read_pnm},
    {"PNM", 0, "P5", read_pnm},
    {"PNM", 0, "P6", read_pnm},
    {"JPEG 2000", 0, {"\0\0\0\x0CjP  ", 8}, read_jpeg2000},
    {"GIF", 0, "GIF8"},
    {"AVIF", 4, "ftypavi"},
    {"HEIF", 4, "ftyphei"},
    {"HEIF", 4, "ftypmif1"},
    {"JPEG XL", 0, {"\0\0\0\x0CJXL ", 8}},
    {"JPEG XL", 0, "\xFF\x0A"},
    {"BigTIFF", 0, {"II+\0", 4}},
    {"BigTIFF", 0, {"MM\0+", 4}},
    {"Photoshop", 0, "8BPS"},
    {"OpenEXR", 0, "\x76\x2F\x31\x01"},
    {"Radiance HDR", 0, "#?RADIANCE"},
    {"QOI", 0, "qoif"},
    {"DDS", 0, "DDS "},
};

// Two letters alone are a weak sign.
bool is_bmp(Span file) {
  const uint32_t header = little(file, 14);
  return has(file, 0, "BM") && header >= 12 && header <= 256;
}
bool is_pnm(Span file) {
  return std::string_view(" \t\r\n#").find(static_cast<char>(big(file, 2, 1))) !=
         std::string_view::npos;
}

}  // namespace

PictureFacts picture_facts(std::span<const uint8_t> file) {
  PictureFacts facts;
  if (is_bmp(file)) {
    facts = {.format = "BMP", .is_read = true};
    read_bmp(file, facts);
    return facts;
  }
  for (const FormatRow& row : kFormats) {
    if (!has(file, row.at, row.signature) || (row.read == read_pnm && !is_pnm(file))) continue;
    facts.format = row.name;
    facts.is_read = row.read != nullptr;
    if (facts.is_read) row.read(file, facts);
    break;
  }
  return facts;
}

WebPFrame first_webp_frame(std::span<const uint8_t> file) {
  constexpr size_t kHead = 16;  // of a frame, before its chunks
  WebPFrame frame;
  for_chunks(behind(file, 12), [&](Span name, Span data) {
    if (!frame.file.empty() || !has(name, 0, "ANMF") || data.size() <= kHead) return;
    frame.x = 2 * int64_t{little(data, 0, 3)};
    frame.y = 2 * int64_t{little(data, 3, 3)};
    const Span chunks = data.subspan(kHead);
    const bool alpha = has(chunks, 0, "ALPH");
    const auto put = [&](std::string_view text) {
      frame.file.insert(frame.file.end(), text.begin(), text.end());
    };
    const auto put_number = [&](size_t value) {
      for (int shift = 0; shift < 32; shift += 8)
        frame.file.push_back(static_cast<uint8_t>(value >> shift));
    };
    put("RIFF");
    put_number(4 + (alpha ? 18 : 0) + chunks.size());
    put("WEBP");
    if (alpha) {
      put("VP8X");
      put_number(10);
      put_number(0x10);
      frame.file.insert(frame.file.end(), data.begin() + 6, data.begin() + 12);  // both sides - 1
    }
    frame.file.insert(frame.file.end(), chunks.begin(), chunks.end());
  });
  return frame;
}

}  // namespace svgen
