// SPDX-License-Identifier: MIT
// The sampler's settings as properties: what the user set of them, the card gives the rest.
#pragma once

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "common/properties.h"
#include "svg/enums.h"
#include "svgen/sampling.h"

namespace svgen::gst {

class SamplingChoice {
 public:
  /// A setting by its row in sampling_settings() and its member.
  template <typename T>
  void set(size_t row, T SamplingOptions::*member, T value) {
    values_.*member = value;
    is_set_[row] = true;
  }

  /// Usual values where nothing was set.
  const SamplingOptions& values() const { return values_; }

  /// The card's settings with what was set instead.
  SamplingOptions over(SamplingOptions card) const {
    for (size_t row = 0; row < is_set_.size(); ++row) {
      const auto take = [&](auto member) { card.*member = values_.*member; };
      if (is_set_[row]) std::visit(take, sampling_settings()[row].member);
    }
    return card;
  }

 private:
  SamplingOptions values_;
  std::vector<bool> is_set_ = std::vector<bool>(sampling_settings().size());
};

/// Row `row` of the table as a property, for settings with a SamplingChoice `sampling`.
template <typename Impl, typename T>
Property<Impl> sampling_property(size_t row, T SamplingOptions::*member) {
  const SamplingSetting setting = sampling_settings()[row];
  const std::string blurb = std::string(setting.words) + " (unset: the card's)";
  // GObject keeps the pointers.
  PropertyText<T> text{.name = g_intern_string(setting.name().c_str()),
                       .blurb = g_intern_string(blurb.c_str()),
                       .when = Mutable::kPlaying};
  if constexpr (std::is_arithmetic_v<T>) {
    text.low = static_cast<T>(setting.range.low);
    text.high = static_cast<T>(setting.range.high);
  }
  return {[=] { return ValueTraits<T>::spec(text, SamplingOptions{}.*member); },
          [=](Impl& impl, const GValue* value) {
            impl.change_settings(
                [&](auto& s) { s.sampling.set(row, member, ValueTraits<T>::get(value)); });
          },
          [=](Impl& impl, GValue* value) {
            ValueTraits<T>::set(value, impl.settings().sampling.values().*member);
          }};
}

/// Lists the properties of all settings of the sampler.
template <typename Impl>
std::vector<Property<Impl>> sampling_properties() {
  std::vector<Property<Impl>> all;
  for (size_t row = 0; row < sampling_settings().size(); ++row) {
    const auto add = [&](auto member) { all.push_back(sampling_property<Impl>(row, member)); };
    std::visit(add, sampling_settings()[row].member);
  }
  return all;
}

}  // namespace svgen::gst
