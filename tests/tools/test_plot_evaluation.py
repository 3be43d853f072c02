# SPDX-License-Identifier: MIT
"""tools/experiments/plot-evaluation: what it finds in results; drawing is matplotlib's."""

import pathlib
import tempfile
import unittest

from tests.tools import support
from tools.experiments import plot_evaluation as plot

PLOT = support.ROOT / "tools/experiments/plot-evaluation"

FRAMES = [{"frame": 0, "psnr": 20.5, "ssim": 0.5}, {"frame": 1, "psnr": 21.5, "ssim": 0.6},
          {"frames": 2, "psnr": 21.0, "ssim": 0.55}]
CLASSES = [{"label": 0, "images": 4, "right": 3}, {"label": 2, "images": 2, "right": 2},
           {"knn": 0.5, "linear": 0.75}]


class Panels(unittest.TestCase):
    def test_of_one_file_are_its_frames_or_classes(self):
        self.assertEqual(plot.panels({"a": FRAMES}),
                         {"psnr of each frame": ("curve", {"a": ((0, 1), (20.5, 21.5))}),
                          "ssim of each frame": ("curve", {"a": ((0, 1), (0.5, 0.6))})})
        self.assertEqual(plot.panels({"a": CLASSES}),
                         {"accuracy of each class": ("bars", {"a": ((0, 2), (0.75, 1.0))})})

    def test_of_several_files_hold_their_totals_beside_each_other(self):
        found = plot.panels({"a": [{"frechet": 3.0, "kernel": None}], "b": [{"frechet": 4.0}]})
        self.assertEqual(found, {"frechet": ("bars", {"a": ((0,), (3.0,)), "b": ((0,), (4.0,))})})


class Tool(unittest.TestCase):
    def test_says_what_is_wrong_with_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            for text, words in (("not json", "JSON lines"), ("[1]", "expected lines"),
                                ('{"images": 3}', "no frames, classes or totals")):
                path = pathlib.Path(folder) / "results.jsonl"
                path.write_text(text)
                done = support.run(PLOT, "out.png", path)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stdout)


if __name__ == "__main__":
    unittest.main()
