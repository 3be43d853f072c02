# SPDX-License-Identifier: MIT
"""Endings and numbers mean the same in every locale; the locales are made for the test."""

import json
import os
import shutil
import subprocess
import sys
import unittest

from tests.tools import example_support, support


class Locale(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)

    def launch(self, locale, *words):
        """What a pipeline prints in a locale that is there for this test alone."""
        language = locale.partition(".")[0]
        made = support.run("localedef", "-i", language, "-f", "UTF-8", self.folder / locale)
        self.assertTrue((self.folder / locale).exists(), made.stdout)
        environment = example_support.environment() | {"LOCPATH": str(self.folder), "LC_ALL": locale}
        result = subprocess.run([support.ROOT / "tools/run", "gst-launch-1.0", "-q", *words],
                                env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_endings_in_turkish(self):
        pictures = self.folder / "pictures"
        pictures.mkdir()
        for name in ("A.TIFF", "B.TIF", "C.tiff", "D.JFIF"):
            shutil.copy(support.ROOT / "tests/data/pictures/quad.tiff", pictures / name)
        raw = self.folder / "raw"
        self.launch("tr_TR.UTF-8", "svgdatasetsrc", f"location={pictures}", "size=16", "!", "filesink",
                    f"location={raw}")
        self.assertEqual(raw.stat().st_size, 4 * 16 * 16 * 3)

    def test_numbers_in_german(self):
        frames = "video/x-raw,format=RGB,width=16,height=16,framerate=5/1"
        text = self.launch("de_DE.UTF-8", "svgmetrics", "name=m", "!", "fdsink", *(
            word for pattern, pad in (("snow", "reference"), ("ball", "test"))
            for word in ("videotestsrc", "num-buffers=2", f"pattern={pattern}", "!", frames, "!",
                         "queue", "!", f"m.{pad}")))
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(lines[-1]["frames"], 2)
        self.assertNotEqual(lines[0]["psnr"] % 1, 0)


if __name__ == "__main__":
    os.environ.setdefault("SVGEN_MODEL_PATH", str(support.ROOT / "models"))
    if not os.path.isdir("/usr/share/i18n/locales") or shutil.which("localedef") is None:
        print("skipped: needs localedef and its sources (package locales)")
        sys.exit(example_support.SKIP)
    unittest.main()
