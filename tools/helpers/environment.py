# SPDX-License-Identifier: MIT
"""Python packages that a tool needs and the project does not."""

import subprocess
import sys


def python_with(folder, *packages):
    """The Python of a virtual environment in `folder`, made when it is missing, with the packages."""
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    return python
