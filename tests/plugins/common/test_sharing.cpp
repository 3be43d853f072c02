// SPDX-License-Identifier: MIT
// The choice whether processes share a stream.
#include "common/sharing.h"

#include <gst/gst.h>

#include "svgen/error.h"
#include "svgen/support.h"

namespace svgen::gst {
namespace {

using svgen::testing::ScopedVariable;

TEST(Sharing, FollowsTheLaunchUnlessItIsOff) {
  const ScopedVariable rank("RANK", "1"), world("WORLD_SIZE", "3");
  EXPECT_EQ(shard_of(ShardChoice::kAuto).rank, 1);
  EXPECT_EQ(shard_of(ShardChoice::kAuto).world, 3);
  EXPECT_EQ(shard_of(ShardChoice::kNone).world, 1);
}

TEST(Sharing, RefusesALaunchThatMakesNoSense) {
  const ScopedVariable rank("RANK", "3"), world("WORLD_SIZE", "3");
  EXPECT_THROW(shard_of(ShardChoice::kAuto), ConfigurationError);
  EXPECT_EQ(shard_of(ShardChoice::kNone).world, 1);
}

TEST(Sharing, HasOneTypeForAllModules) {
  const GType type = enum_type<ShardChoice>();
  EXPECT_EQ(type, g_type_from_name("GstSvgShard"));
  EXPECT_EQ(type, enum_type<ShardChoice>());
}

}  // namespace
}  // namespace svgen::gst
