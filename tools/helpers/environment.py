# SPDX-License-Identifier: MIT
"""Python packages that a tool needs: the project's own environment, and others."""

import os
import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2] / ".venv"


def in_project_environment(**variables):
    """Goes on with the Python that has PyTorch, and with these variables where they are not set."""
    python = PROJECT / "bin/python"
    if pathlib.Path(sys.prefix) != PROJECT and python.exists():
        os.execve(python, [python, "-W", "ignore", *sys.argv], variables | os.environ)


def python_with(folder, *packages):
    """The Python of a virtual environment in `folder`, made when it is missing, with the packages."""
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    return python
