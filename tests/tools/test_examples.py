# SPDX-License-Identifier: MIT
"""The example in C that takes features from an appsink."""

import subprocess
import unittest

from tests.tools import example_support, support


class Features(unittest.TestCase):
    """tools/examples/features.c"""

    @classmethod
    def setUpClass(cls):
        cls.program = example_support.compiled(cls, "features.c")
        cls.folder = cls.program.parent

    def test_are_those_of_a_video(self):
        subprocess.run([example_support.RUN, "gst-launch-1.0", "-q",
                        *"videotestsrc num-buffers=6 pattern=ball ! "
                        "video/x-raw,width=64,height=64,framerate=10/1 ! vp8enc deadline=1 ! "
                        "webmmux ! filesink location=ball.webm".split()],
                       cwd=self.folder, check=True)
        result = support.run(example_support.RUN, self.program, "ball.webm", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[5],
                         r"^image 5, 64 tokens of 128 channels:( -?\d+\.\d{4}){4} \.\.\.$")

    def test_says_that_there_is_no_video_or_that_it_cannot_be_read(self):
        for name, words in (("tone.wav", "decodebin"), ("interlaced.mp4", "no picture")):
            result = support.run(example_support.RUN, self.program,
                                 support.ROOT / "tests/data/videos" / name, timeout=60)
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertIn(words, result.stdout)

    def test_a_file_that_is_none(self):
        result = support.run(example_support.RUN, self.program, "nosuch.webm", cwd=self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("nosuch.webm", result.stdout)


if __name__ == "__main__":
    example_support.main()
