# SPDX-License-Identifier: MIT
"""Packs models and programs for others."""
