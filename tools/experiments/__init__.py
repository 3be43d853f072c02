# SPDX-License-Identifier: MIT
"""Measures small models and draws what was measured."""
