# SPDX-License-Identifier: MIT
"""The command svgen in a folder of its own, for its tests."""

import json
import struct
import subprocess
import time
import unittest

from tests.tools import support

COMMAND = [support.ROOT / "tools/run",
           support.BUILD / "tools/svgen/svgen"]


def png_size(path):
    return struct.unpack(">II", path.read_bytes()[16:24])


class Svgen(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)

    def run_svgen(self, *words):
        return support.run(*COMMAND, *words, cwd=self.folder)

    def output_of(self, *words):
        result = self.run_svgen(*words)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def assert_refused(self, words, text, status=2):
        """Expects a refusal with this text and status that leaves no file behind."""
        before = sorted(self.folder.rglob("*"))
        result = self.run_svgen(*words)
        self.assertEqual(result.returncode, status, result.stdout)
        self.assertIn(text, result.stdout)
        self.assertEqual(result.stdout.count("\n"), 1, result.stdout)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def files(self, pattern="*"):
        return sorted(path.name for path in self.folder.glob(pattern))

    def wait_for(self, pattern):
        """Waits until a file of that name is being written somewhere."""
        while not list(self.folder.rglob(pattern)):
            time.sleep(0.05)

    def failed_line(self, *words, status=1):
        """The line of JSON that says what went wrong."""
        process = subprocess.run([*COMMAND, *words, "--json"], cwd=self.folder, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        self.assertEqual(process.returncode, status, process.stdout)
        line = json.loads(process.stdout.splitlines()[-1])
        self.assertEqual(line["event"], "error")
        return line["text"]
