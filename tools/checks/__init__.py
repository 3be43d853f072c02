# SPDX-License-Identifier: MIT
"""Looks for what is wrong with the tree, its pages and what it computes."""
