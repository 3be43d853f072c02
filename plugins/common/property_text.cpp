// SPDX-License-Identifier: MIT
// Properties from text.
#include "common/property_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <span>

#include "common/handles.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::gst {
namespace {

// Writes a number as the C locale does, whatever the user's is.
template <typename Number>
std::string number_text(Number number) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

template <typename Spec>
std::string range_text(const Spec* spec) {
  const std::string from = number_text(spec->minimum);
  using Number = decltype(spec->maximum);
  return spec->maximum == std::numeric_limits<Number>::max()
             ? "numbers from " + from + " on"
             : from + " to " + number_text(spec->maximum);
}

std::string enum_values(const GEnumClass* values) {
  return svgen::joined(std::span(values->values, values->n_values), ", ", &GEnumValue::value_nick);
}

// The whole text as a number; gst_value_deserialize() would take "-1" for the largest of unsigned
// ones.
template <typename Number>
bool read_number(const std::string& text, Number& number) {
  const char *begin = text.data(), *end = begin + text.size();
  const auto [last, error] = std::from_chars(begin, end, number);
  return error == std::errc() && last == end;
}

bool read(GValue* value, const std::string& text) {
  switch (G_VALUE_TYPE(value)) {
    case G_TYPE_STRING:
      g_value_set_string(value, text.empty() ? nullptr : text.c_str());
      return true;
    case G_TYPE_INT64: {
      gint64 number = 0;
      const bool fine = read_number(text, number);
      g_value_set_int64(value, number);
      return fine;
    }
    case G_TYPE_UINT64: {
      guint64 number = 0;
      const bool fine = read_number(text, number);
      g_value_set_uint64(value, number);
      return fine;
    }
    case G_TYPE_DOUBLE: {
      double number = 0;
      const bool fine = read_number(text, number) && std::isfinite(number);
      g_value_set_double(value, number);
      return fine;
    }
    default:
      return gst_value_deserialize(value, text.c_str()) != FALSE;
  }
}

}  // namespace

std::string values_of(GParamSpec* spec) {
  if (G_IS_PARAM_SPEC_ENUM(spec)) return enum_values(G_PARAM_SPEC_ENUM(spec)->enum_class);
  if (G_IS_PARAM_SPEC_BOOLEAN(spec)) return "true or false";
  if (G_IS_PARAM_SPEC_INT64(spec)) return range_text(G_PARAM_SPEC_INT64(spec));
  if (G_IS_PARAM_SPEC_UINT64(spec)) return range_text(G_PARAM_SPEC_UINT64(spec));
  if (G_IS_PARAM_SPEC_DOUBLE(spec)) return range_text(G_PARAM_SPEC_DOUBLE(spec));
  if (spec->value_type == GST_TYPE_FRACTION) return "a number or a fraction such as 30000/1001";
  return std::string("a value of type ") + g_type_name(spec->value_type);
}

void set_from_text(GObject* object, GParamSpec* spec, const std::string& text,
                   const std::string& where) {
  Value value(spec->value_type);
  // Validation is true when the value had to be changed.
  if (!read(value.get(), text) || g_param_value_validate(spec, value.get()))
    throw ConfigurationError(
        "a setting has no such value",
        {.expected = values_of(spec), .found = text.empty() ? "nothing" : text, .where = where});
  g_object_set_property(object, spec->name, value.get());
}

}  // namespace svgen::gst
