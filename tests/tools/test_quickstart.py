# SPDX-License-Identifier: MIT
"""The parts of tools/quickstart that are arithmetic: the clip it makes, and quoting of paths."""

import os
import shlex
import shutil
import sys
import unittest
import xml.etree.ElementTree

from tests.tools import support
from tools.helpers import media, quickstart_pictures

FRAME = quickstart_pictures.SIZE ** 2 * 3


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.pictures = media.read_safetensors(
            support.ROOT / "models/mini/cases.safetensors")["input"][2]

    def test_the_clip_shows_every_picture(self):
        frames = set(quickstart_pictures.clip_frames())
        for start in range(0, len(self.pictures), FRAME):
            self.assertIn(self.pictures[start:start + FRAME], frames)

    def test_the_clip_moves_between_pictures(self):
        frames = list(quickstart_pictures.clip_frames())
        self.assertTrue(all(len(frame) == FRAME for frame in frames))
        pictures = len(self.pictures) // FRAME
        self.assertEqual(len(set(frames)), pictures + (pictures - 1)
                         * (quickstart_pictures.SLIDE - 1))

    def test_a_path_stays_one_word_of_a_launch_line(self):
        words = shlex.split("location=" + quickstart_pictures.quoted("/a b/it's \"x\" \\ !.webm"))
        self.assertEqual(words, ["location=\"/a b/it's \\\"x\\\" \\\\ !.webm\""])

    def reconstructed(self, name, as_name):
        """Reconstructs a test video under another name: (result, names of the .webm files)."""
        folder = support.scratch_folder(self)
        video = folder / as_name
        shutil.copy(support.ROOT / "tests/data/videos" / name, video)
        script = ("import sys, pathlib; from tools.helpers import quickstart_pictures as q; "
                  "q.OUT = pathlib.Path(sys.argv[2]); "
                  "print(q.reconstruct(pathlib.Path(sys.argv[1]), sys.argv[2]))")
        result = support.run(
            support.ROOT / "tools/run", sys.executable, "-c", script, video, folder, timeout=60,
            env=os.environ | {"PYTHONPATH": str(support.ROOT)})
        return result, sorted(path.name for path in folder.glob("*.webm*"))

    def test_takes_a_video_of_any_name(self):
        result, files = self.reconstructed("base.webm", 'my "clip" 50%.mkv')
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(files, ["reconstruction.webm"])

    def test_says_that_there_is_no_video(self):
        result, files = self.reconstructed("tone.wav", "a b.wav")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("is there video in", result.stdout)
        self.assertNotIn("Traceback", result.stdout)
        self.assertEqual(files, [])

    def test_the_result_is_never_the_input(self):
        result, files = self.reconstructed("base.webm", "reconstruction.webm")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("copy it first", result.stdout)
        self.assertEqual(files, ["reconstruction.webm"])

    def test_every_name_lies_in_its_own_tile_of_the_sheet(self):
        tree = xml.etree.ElementTree.fromstring(
            quickstart_pictures.name_tags(["a", "b", "c", "d", "e & f"]))
        tile = quickstart_pictures.TILE
        self.assertEqual((tree.get("width"), tree.get("height")), (str(4 * tile), str(2 * tile)))
        texts = {element.text: (int(element.get("x")) // tile, int(element.get("y")) // tile)
                 for element in tree.iter() if element.tag.endswith("text")}
        self.assertEqual(texts, {"a": (0, 0), "b": (1, 0), "c": (2, 0), "d": (3, 0),
                                 "e & f": (0, 1)})


if __name__ == "__main__":
    unittest.main()
