# SPDX-License-Identifier: MIT
"""Runs pipelines and checks what they do."""
