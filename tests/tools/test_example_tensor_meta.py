# SPDX-License-Identifier: MIT
"""The example in C that reads features back from the GstTensorMeta of pictures."""

import hashlib
import unittest

from tests.tools import example_support, support

LIBRARY = "gstreamer-analytics-1.0 >= 1.26"
FEATURES, RESIDUAL = 64 * 128 * 4, 64 * 24 * 4  # bytes of one picture


class TensorMeta(unittest.TestCase):
    """tools/examples/tensor_meta.c"""

    @classmethod
    def setUpClass(cls):
        cls.program = example_support.compiled(cls, "tensor_meta.c")
        cls.folder = cls.program.parent

    def launch(self, line):
        result = support.run(example_support.RUN, "gst-launch-1.0", "-q", *line.split(),
                             cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_holds_what_batches_hold_to_the_bit(self):
        self.launch("videotestsrc num-buffers=6 pattern=ball ! video/x-raw,width=64,height=64,"
                    "framerate=10/1 ! vp8enc deadline=1 ! webmmux ! filesink location=ball.webm")
        self.launch("filesrc location=ball.webm ! decodebin ! videoconvert ! videoscale ! "
                    "svgencode ! filesink location=ball.f32")
        batches = (self.folder / "ball.f32").read_bytes()
        self.assertEqual(len(batches), 6 * (FEATURES + RESIDUAL))
        wanted = []
        for picture in range(6):
            begin = picture * (FEATURES + RESIDUAL)
            parts = batches[begin:begin + FEATURES], batches[begin + FEATURES:][:RESIDUAL]
            digests = [hashlib.sha256(part).hexdigest() for part in parts]
            wanted += [f"0:00:00.{picture}00000000",
                       f"  svg-features [1, 64, 128] float32 {digests[0]}",
                       f"  svg-residual [1, 64, 24] float32 {digests[1]}"]
        result = support.run(example_support.RUN, self.program, "ball.webm", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(result.stdout.splitlines(), wanted)

    def test_a_file_that_is_none(self):
        result = support.run(example_support.RUN, self.program, "nosuch.webm", cwd=self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("nosuch.webm", result.stdout)


if __name__ == "__main__":
    example_support.main(example_support.missing(
        libraries={LIBRARY: "libgstreamer-plugins-bad1.0-dev of GStreamer 1.26"}))
