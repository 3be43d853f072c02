#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The parts of tools/quickstart that are arithmetic: the clip it makes, and quoting of paths."""

import shlex
import unittest

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


if __name__ == "__main__":
    unittest.main()
