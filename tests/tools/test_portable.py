# SPDX-License-Identifier: MIT
"""tools/release/portable: the archive draws a picture where no GStreamer is found."""

import os
import subprocess
import unittest

from tests.tools import support

PORTABLE = support.ROOT / "tools/release/portable"


class Portable(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self, "with space ")

    def test_runs_elsewhere(self):
        archive = self.folder / "pack.tar.gz"
        made = support.run(PORTABLE, archive)
        self.assertEqual(made.returncode, 0, made.stdout)
        subprocess.run(["tar", "-C", self.folder, "-xzf", archive], check=True)
        run = self.folder / "svgen-portable/run"
        bare = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        done = support.run(run, support.ROOT / "tools/run", "gst-launch-1.0", "-q", "svgscenesrc",
                           "num-images=1", "!", "videoconvert", "!", "pngenc", "!", "filesink",
                           "location=scene.png", env=bare, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual((self.folder / "scene.png").read_bytes()[:4], b"\x89PNG")
        # Nothing of this machine's GStreamer is used: an element that was not packed is missing.
        done = support.run(run, "gst-inspect-1.0", "audiotestsrc", env=bare)
        self.assertNotEqual(done.returncode, 0)

    def test_says_what_is_missing(self):
        done = support.run(PORTABLE, self.folder / "a.tar.gz",
                           env=os.environ | {"SVGEN_BUILD": str(self.folder)})
        self.assertEqual(done.returncode, 1)
        self.assertIn("run tools/build first", done.stdout)
        self.assertEqual(support.run(PORTABLE).returncode, 1)


if __name__ == "__main__":
    unittest.main()
