// SPDX-License-Identifier: MIT
// UTF-8 by the table of well-formed sequences (Unicode, table 3-7).
#include "svgen/text.h"

#include <array>
#include <charconv>

namespace svgen {
namespace {

// First bytes of a sequence, the second byte's range, and the length of the whole. The narrower
// ranges leave out overlong forms, surrogates and what lies above U+10FFFF; C2 starts behind the
// control characters U+0080 to U+009F, and the control characters of ASCII have no row.
struct Form {
  unsigned char first, last, second_low, second_high;
  size_t length;
};

constexpr Form kForms[] = {
    {0x20, 0x7E, 0, 0, 1},       {0xC2, 0xC2, 0xA0, 0xBF, 2}, {0xC3, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3},
    {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4},
};

bool between(char byte, unsigned char low, unsigned char high) {
  const auto value = static_cast<unsigned char>(byte);
  return low <= value && value <= high;
}

bool starts_with(std::string_view text, const Form& form) {
  if (!between(text[0], form.first, form.last) || text.size() < form.length) return false;
  if (form.length > 1 && !between(text[1], form.second_low, form.second_high)) return false;
  for (size_t i = 2; i < form.length; ++i)
    if (!between(text[i], 0x80, 0xBF)) return false;
  return true;
}

// Bytes of the character that `text` starts with; 0 when it starts with none to be shown.
size_t character_length(std::string_view text) {
  for (const Form& form : kForms)
    if (starts_with(text, form)) return form.length;
  return 0;
}

// Bytes of a control character; 0 for none and for NUL.
size_t control_length(std::string_view text) {
  if (between(text[0], 0x01, 0x1F) || text[0] == 0x7F) return 1;
  const bool wide = text.size() > 1 && between(text[0], 0xC2, 0xC2) && between(text[1], 0x80, 0x9F);
  return wide ? 2 : 0;
}

std::string escaped(char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  return {'\\', 'x', kDigits[value / 16], kDigits[value % 16]};
}

}  // namespace

std::string printable(std::string_view bytes) {
  return shortened(bytes, std::string_view::npos);
}

std::string shortened(std::string_view bytes, size_t limit) {
  std::string text;
  while (!bytes.empty()) {
    const size_t length = character_length(bytes);
    const std::string next = length == 0 ? escaped(bytes[0]) : std::string(bytes.substr(0, length));
    if (next.size() > limit - text.size()) return text + "...";
    text += next;
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = character_length(bytes) + control_length(bytes);  // never both
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string number_text(double value, int digits) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::general, digits);
  return {text.data(), end.ptr};
}

std::string fixed_text(double value) {
  std::array<char, 400> text{};  // enough for 1e308
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 6);
  return {text.data(), end.ptr};
}

}  // namespace svgen
