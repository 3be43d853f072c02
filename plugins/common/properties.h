// SPDX-License-Identifier: MIT
// Describes properties by a table: name, description, the field of the Settings, its range.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "common/handles.h"

namespace svgen::gst {

struct Fraction {
  int numerator = 0;
  int denominator = 1;

  bool is_positive() const { return numerator > 0 && denominator > 0; }
  bool operator==(const Fraction&) const = default;
};

/// Says when a property may change; shown by gst-inspect-1.0.
enum class Mutable { kReady, kPlaying };

inline GParamFlags property_flags(Mutable when) {
  return static_cast<GParamFlags>(
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      (when == Mutable::kReady ? GST_PARAM_MUTABLE_READY : GST_PARAM_MUTABLE_PLAYING));
}

template <typename Impl>
struct Property {
  std::function<GParamSpec*()> spec;
  std::function<void(Impl&, const GValue*)> set;  // empty: read-only
  std::function<void(Impl&, GValue*)> get;
};

/// Describes a property; `low` and `high` matter to numbers only.
template <typename T>
struct PropertyText {
  const char* name;
  const char* blurb;
  T low = std::numeric_limits<T>::lowest();
  T high = std::numeric_limits<T>::max();
  Mutable when = Mutable::kReady;
};

/// Returns the GType of an enumeration; specialised (svg/enums.h) for each that is a property.
template <typename Enum>
GType enum_type();

template <typename T>
struct ValueTraits;

template <>
struct ValueTraits<std::string> {
  static GParamSpec* spec(const PropertyText<std::string>& t, const std::string& value) {
    return g_param_spec_string(t.name, t.name, t.blurb, value.empty() ? nullptr : value.c_str(),
                               property_flags(t.when));
  }
  static std::string get(const GValue* value) { return text_or_empty(g_value_get_string(value)); }
  static void set(GValue* value, const std::string& text) {
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
  }
};

template <>
struct ValueTraits<bool> {
  static GParamSpec* spec(const PropertyText<bool>& t, bool value) {
    return g_param_spec_boolean(t.name, t.name, t.blurb, value, property_flags(t.when));
  }
  static bool get(const GValue* value) { return g_value_get_boolean(value) != FALSE; }
  static void set(GValue* value, bool on) { g_value_set_boolean(value, on); }
};

template <>
struct ValueTraits<int64_t> {
  static GParamSpec* spec(const PropertyText<int64_t>& t, int64_t value) {
    return g_param_spec_int64(t.name, t.name, t.blurb, t.low, t.high, value,
                              property_flags(t.when));
  }
  static int64_t get(const GValue* value) { return g_value_get_int64(value); }
  static void set(GValue* value, int64_t number) { g_value_set_int64(value, number); }
};

template <>
struct ValueTraits<uint64_t> {
  static GParamSpec* spec(const PropertyText<uint64_t>& t, uint64_t value) {
    return g_param_spec_uint64(t.name, t.name, t.blurb, t.low, t.high, value,
                               property_flags(t.when));
  }
  static uint64_t get(const GValue* value) { return g_value_get_uint64(value); }
  static void set(GValue* value, uint64_t number) { g_value_set_uint64(value, number); }
};

template <>
struct ValueTraits<double> {
  static GParamSpec* spec(const PropertyText<double>& t, double value) {
    return g_param_spec_double(t.name, t.name, t.blurb, t.low, t.high, value,
                               property_flags(t.when));
  }
  static double get(const GValue* value) { return g_value_get_double(value); }
  static void set(GValue* value, double number) { g_value_set_double(value, number); }
};

template <>
struct ValueTraits<Fraction> {
  static GParamSpec* spec(const PropertyText<Fraction>& t, const Fraction& value) {
    return gst_param_spec_fraction(t.name, t.name, t.blurb, 0, 1, G_MAXINT, 1, value.numerator,
                                   value.denominator, property_flags(t.when));
  }
  static Fraction get(const GValue* value) {
    return {gst_value_get_fraction_numerator(value), gst_value_get_fraction_denominator(value)};
  }
  static void set(GValue* value, const Fraction& fraction) {
    gst_value_set_fraction(value, fraction.numerator, fraction.denominator);
  }
};

template <typename Enum>
requires std::is_enum_v<Enum>
struct ValueTraits<Enum> {
  static GParamSpec* spec(const PropertyText<Enum>& t, Enum value) {
    return g_param_spec_enum(t.name, t.name, t.blurb, enum_type<Enum>(), static_cast<gint>(value),
                             property_flags(t.when));
  }
  static Enum get(const GValue* value) { return static_cast<Enum>(g_value_get_enum(value)); }
  static void set(GValue* value, Enum choice) {
    g_value_set_enum(value, static_cast<gint>(choice));
  }
};

/// Makes a property of a field of Impl::Settings, read and written under the object lock.
template <typename Impl, typename Owner, typename T>
Property<Impl> field(T Owner::*member, const PropertyText<T>& text) {
  using Settings = typename Impl::Settings;
  return {[=] { return ValueTraits<T>::spec(text, Settings{}.*member); },
          [=](Impl& impl, const GValue* value) {
            impl.change_settings([&](Settings& s) { s.*member = ValueTraits<T>::get(value); });
          },
          [=](Impl& impl, GValue* value) { ValueTraits<T>::set(value, impl.settings().*member); }};
}

/// Makes a property of a field of the library's options within Settings.
template <typename Impl, typename Owner, typename T>
Property<Impl> option_field(Owner Impl::Settings::*options, T Owner::*member,
                            const PropertyText<T>& text) {
  using Settings = typename Impl::Settings;
  return {
      [=] { return ValueTraits<T>::spec(text, Settings{}.*options.*member); },
      [=](Impl& impl, const GValue* value) {
        impl.change_settings([&](Settings& s) { s.*options.*member = ValueTraits<T>::get(value); });
      },
      [=](Impl& impl, GValue* value) {
        ValueTraits<T>::set(value, impl.settings().*options.*member);
      }};
}

/// Lets a GstController drive a property.
template <typename Impl>
Property<Impl> controllable(Property<Impl> property) {
  property.spec = [spec = std::move(property.spec)] {
    GParamSpec* made = spec();
    made->flags = static_cast<GParamFlags>(made->flags | GST_PARAM_CONTROLLABLE);
    return made;
  };
  return property;
}

/// Returns `first` with `more` behind.
template <typename Impl>
std::vector<Property<Impl>> joined(std::vector<Property<Impl>> first,
                                   std::vector<Property<Impl>> more) {
  for (Property<Impl>& property : more) first.push_back(std::move(property));
  return first;
}

}  // namespace svgen::gst
