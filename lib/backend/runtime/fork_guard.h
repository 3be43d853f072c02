// SPDX-License-Identifier: MIT
// A process that computes has threads, and a child that it forks has not.
#pragma once

namespace svgen::runtime {

/// Makes a child that this process forks from now on count as one without the threads it would
/// need.
void note_computing();

/// Whether this process is such a child.
bool is_forked();

/// Throws DeviceError when it is: its work would wait for ever.
void refuse_forked();

}  // namespace svgen::runtime
