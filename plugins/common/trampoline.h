// SPDX-License-Identifier: MIT
// C functions for vfunc slots that call methods: the border that no exception crosses.
#pragma once

#include <gst/gst.h>

#include <type_traits>

#include "common/errors.h"

namespace svgen::gst {

/// GObject allocates instances zero-filled and runs no constructors, so the class hangs off a
/// pointer.
template <typename Impl>
struct Instance {
  typename Impl::Base base;
  Impl* impl;
};

template <typename Impl>
Impl* impl_of(gpointer instance) {
  return static_cast<Instance<Impl>*>(instance)->impl;
}

template <typename Result>
Result failure() {
  if constexpr (std::is_same_v<Result, GstFlowReturn>)
    return GST_FLOW_ERROR;
  else if constexpr (std::is_same_v<Result, GstStateChangeReturn>)
    return GST_STATE_CHANGE_FAILURE;
  else
    return Result();
}

/// A C function for a vfunc slot that calls a method and stops exceptions at the border.
template <auto kMethod>
struct Trampoline;

template <typename Impl, typename Result, typename... Args, Result (Impl::*kMethod)(Args...)>
struct Trampoline<kMethod> {
  template <typename Self>
  static Result call(Self* self, Args... args) noexcept {
    try {
      return (impl_of<Impl>(self)->*kMethod)(args...);
    } catch (...) {
      post_current_exception(GST_ELEMENT_CAST(self));
      return failure<Result>();
    }
  }
  // The slot's own type picks Self (GstBaseTransform, GstElement, ...).
  template <typename Self>
  using Function = Result (*)(Self*, Args...);
  template <typename Self>
  // NOLINTNEXTLINE(google-explicit-constructor,misc-explicit-constructor): a slot is assigned it
  operator Function<Self>() const {
    return &call<Self>;
  }
};

template <auto kMethod>
inline constexpr Trampoline<kMethod> trampoline{};

}  // namespace svgen::gst
