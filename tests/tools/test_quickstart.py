#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The parts of tools/quickstart that are arithmetic: the clip it makes, and quoting of paths."""

import shlex
import unittest
import xml.etree.ElementTree

import support
import media
import quickstart_pictures

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
