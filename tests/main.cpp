// SPDX-License-Identifier: MIT
// The entry of every test program that needs nothing of its own before GoogleTest runs.
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
