# SPDX-License-Identifier: MIT
"""What developers and users run by hand: the modules behind the entries."""
