#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The example programs, compiled as their first lines say and run."""

import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

import support

RUN = support.ROOT / "tools/run"


class Features(unittest.TestCase):
    """tools/examples/features.c"""

    @classmethod
    def setUpClass(cls):
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gstreamer-app-1.0"], text=True,
                               stdout=subprocess.PIPE, check=True).stdout
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.program = cls.folder / "features"
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-Wall", "-Wextra",
                        "-Werror", support.ROOT / "tools/examples/features.c", *shlex.split(flags),
                        "-o", cls.program], check=True)

    def test_are_those_of_a_video(self):
        subprocess.run([RUN, "gst-launch-1.0", "-q", *"videotestsrc num-buffers=6 pattern=ball ! "
                        "video/x-raw,width=64,height=64,framerate=10/1 ! vp8enc deadline=1 ! webmmux ! "
                        "filesink location=ball.webm".split()], cwd=self.folder, check=True)
        result = support.run(RUN, self.program, "ball.webm", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[5], r"^image 5, 64 tokens of 128 channels:( -?\d+\.\d{4}){4} \.\.\.$")

    def test_a_file_that_is_none(self):
        result = support.run(RUN, self.program, "nosuch.webm", cwd=self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("nosuch.webm", result.stdout)


if __name__ == "__main__":
    unittest.main()
