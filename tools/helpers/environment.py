# SPDX-License-Identifier: MIT
"""Where a tool runs: the tree, its build folder, and a Python that has the packages it needs."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SVGEN_BUILD", ROOT / "build"))
PROJECT = ROOT / ".venv"
# Variables of programs that need the same large memory again and again: what returns to the system must be
# cleared anew, so they keep it.
KEEPING_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184:"
                                    "glibc.malloc.top_pad=67108864:glibc.malloc.hugetlb=1"}


def in_project_environment(**variables):
    """Starts the module anew with the Python that has PyTorch; variables that are set stay as they
    are."""
    python = PROJECT / "bin/python"
    if pathlib.Path(sys.prefix) != PROJECT and python.exists():
        os.execve(python, [python, "-W", "ignore", *sys.orig_argv[1:]], variables | os.environ)


def finding_modules(*folders):
    """Variables with which another Python finds the tree's modules, and those in these folders."""
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {"PYTHONPATH": os.pathsep.join(map(str, [ROOT, *folders, *inherited])),
            "PYTHONSAFEPATH": "1"}


def python_with(folder, *packages):
    """The Python of a virtual environment in `folder`, made when it is missing, with packages."""
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    return python
