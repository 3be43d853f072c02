# SPDX-License-Identifier: MIT
"""Times svgen beside other runtimes."""
