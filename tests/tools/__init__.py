# SPDX-License-Identifier: MIT
"""Tests of the tools, the command and the examples."""
