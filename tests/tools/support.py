# SPDX-License-Identifier: MIT
"""Helpers of the tests of the tools: the root of the tree, programs and folders."""

import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SVGEN_BUILD", ROOT / "build"))
# Starts a command that a hang-up ends, also where the tests themselves run under nohup.
HEARS_HANGUPS = ["env", "--default-signal=HUP"]
sys.dont_write_bytecode = True


def _print_skip(result, test, reason, add_skip=unittest.TextTestResult.addSkip):
    """unittest keeps the reason of a skip to itself; tools/helpers/count_results.py reads this line."""
    print(f"skipped: {test.id()}: {reason}", flush=True)
    add_skip(result, test, reason)


unittest.TextTestResult.addSkip = _print_skip


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
    """Opens a terminal: (leader, follower); skips the test in a chroot without /dev/pts."""
    try:
        return pty.openpty()
    except OSError as error:
        return test.skipTest(f"no terminals here: {error}")
