// SPDX-License-Identifier: MIT
// Whether the processes of a distributed launch (RANK of WORLD_SIZE) share the images of a stream.
#pragma once

#include "common/properties.h"
#include "data/data_order.h"

namespace svgen::gst {

enum class ShardChoice { kAuto, kNone };

template <>
GType enum_type<ShardChoice>();

/// This process' share; all images with kNone and outside of a distributed launch.
/// ConfigurationError when the launch's variables make no sense.
inline Shard shard_of(ShardChoice choice) {
  return choice == ShardChoice::kNone ? Shard() : shard_from_environment();
}

}  // namespace svgen::gst
