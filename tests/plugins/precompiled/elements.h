// SPDX-License-Identifier: MIT
// Headers that every test of the elements includes, compiled once.
#include <gmock/gmock.h>
#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>
