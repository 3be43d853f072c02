# SPDX-License-Identifier: MIT
"""Reference numbers: a model in plain PyTorch that writes them; the tests in C++ read them."""
