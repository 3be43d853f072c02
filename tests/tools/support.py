# SPDX-License-Identifier: MIT
"""What the tests of the tools share: the root of the tree and loading a script as a module."""

import importlib.machinery
import importlib.util
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SVGEN_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests/pipelines"))
sys.path.insert(0, str(ROOT / "tools/helpers"))
sys.dont_write_bytecode = True


def _print_skip(result, test, reason, add_skip=unittest.TextTestResult.addSkip):
    """unittest keeps the reason of a skip to itself; tools/helpers/count_results.py reads this line."""
    print(f"skipped: {test.id()}: {reason}", flush=True)
    add_skip(result, test, reason)


unittest.TextTestResult.addSkip = _print_skip


def load_script(path):
    """Imports a Python script that has no .py ending, without running its main()."""
    name = path.name.replace("-", "_")
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def run(*command, **options):
    return subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **options)


def scratch_folder(test, prefix=""):
    """A folder of its own for a unittest.TestCase, removed with everything in it after the test."""
    folder = tempfile.TemporaryDirectory(prefix=prefix)
    test.addCleanup(folder.cleanup)
    return pathlib.Path(folder.name).resolve()


def write(folder, files):
    """Writes {relative path: text} below a folder."""
    for name, text in files.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def terminal(test):
    """(leader, follower) of a terminal; a chroot without /dev/pts has none."""
    try:
        return pty.openpty()
    except OSError as error:
        return test.skipTest(f"no terminals here: {error}")
