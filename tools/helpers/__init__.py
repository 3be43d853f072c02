# SPDX-License-Identifier: MIT
"""What several tools share."""
