# SPDX-License-Identifier: MIT
"""The tests in Python; those in C++ lie beside them."""
