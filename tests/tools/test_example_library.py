# SPDX-License-Identifier: MIT
"""The examples in C++ that use the library without GStreamer, against the elements."""

import shutil
import unittest

from tests.tools import example_support, support

SIDE = 64
PHOTO = support.ROOT / "tests/data/photos/hills.jpg"


def generated(name):
    return example_support.pixels(f"svgdiffuse classes={name} num-images=1 ! svgdecode")


def tiles(strip):
    """The square pictures that stand side by side."""
    row = len(strip) // SIDE
    return [b"".join(strip[y * row + first:][:SIDE * 3] for y in range(SIDE))
            for first in range(0, row, SIDE * 3)]


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = example_support.compiled(cls, cls.SOURCE)

    def setUp(self):
        self.folder = support.scratch_folder(self)

    def run_example(self, *words):
        result = example_support.run(self.program, *words, cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)

    def assert_refused(self, words, *texts, status=1):
        result = example_support.run(self.program, *words, cwd=self.folder)
        self.assertEqual(result.returncode, status, result.stdout)
        for text in texts:
            self.assertIn(text, result.stdout)


class GeneratePng(Example):
    """tools/examples/generate_png.cpp"""
    SOURCE = "generate_png.cpp"

    def test_gives_the_pictures_of_the_elements(self):
        self.run_example("made/here", "heart", "12")
        names = sorted(path.name for path in (self.folder / "made/here").iterdir())
        self.assertEqual(names, ["0-heart.png", "1-12.png"])
        heart = example_support.pixels_of_png(self.folder / "made/here/0-heart.png")
        self.assertEqual(heart, generated("heart"))

    def test_mistakes(self):
        self.assert_refused(["out", "hart"], "hart", "heart, moon")
        self.assert_refused(["out", "16"], "0 to 15", "16")
        self.assert_refused(["out"], "usage", status=2)
        (self.folder / "file").touch()
        self.assert_refused(["file", "heart"], "file")


class Previews(Example):
    """tools/examples/previews.cpp"""
    SOURCE = "previews.cpp"

    def test_come_nearer_to_the_image(self):
        self.run_example("heart", "strip.png")
        strip = example_support.pixels_of_png(self.folder / "strip.png")
        pictures = tiles(strip)
        self.assertEqual(len(pictures), 5)
        self.assertEqual(pictures[-1], generated("heart"))
        away = [sum(abs(a - b) for a, b in zip(picture, pictures[-1])) for picture in pictures]
        self.assertEqual(away, sorted(set(away), reverse=True))

    def test_mistakes(self):
        self.assert_refused(["hart", "strip.png"], "hart", "heart, moon")
        self.assert_refused(["heart", "no/folder/strip.png"], "cannot write the picture")
        self.assert_refused(["heart"], "usage", status=2)


class Generate(Example):
    """tools/examples/generate.cpp"""
    SOURCE = "generate.cpp"

    def test_takes_numbers_only_and_leaves_nothing_half_written(self):
        self.run_example("6", "1", "a.ppm")
        for words in (("banana", "1"), ("6", "-1"), ("6", "1x"), ("", "1")):
            self.assert_refused([*words, "b.ppm"], "no number from 0 on")
        self.assert_refused(["6", "1", "no/folder/c.ppm"], "cannot write no/folder/c.ppm")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["a.ppm"])


class Reconstruct(Example):
    """tools/examples/reconstruct.cpp"""
    SOURCE = "reconstruct.cpp"

    def test_gives_the_picture_of_the_elements(self):
        (self.folder / "photos").mkdir()
        shutil.copy(PHOTO, self.folder / "photos")
        self.run_example(PHOTO, "again.png")
        self.assertEqual(
            example_support.pixels_of_png(self.folder / "again.png"),
            example_support.pixels(f"svgdatasetsrc location={self.folder}/photos size={SIDE} ! "
                                   "svgencode ! svgalign ! svgdecode"))

    def test_mistakes(self):
        self.assert_refused(["nosuch.png", "again.png"], "cannot read the picture", "nosuch.png")
        self.assert_refused([__file__, "again.png"], "cannot read the picture")
        self.assert_refused([PHOTO, "no/folder/again.png"], "cannot write the picture")
        shutil.copy(PHOTO, self.folder / "same.jpg")
        self.assert_refused(["same.jpg", "./same.jpg"], "one file")
        self.assertEqual((self.folder / "same.jpg").read_bytes(), PHOTO.read_bytes())
        self.assert_refused([PHOTO, "again.nosuch"], "extension")
        self.assert_refused([], "usage", status=2)


@unittest.skipUnless(example_support.torch(), "the LibTorch of the build is not in .venv")
class AtTensor(Example):
    """tools/examples/at_tensor.cpp"""
    SOURCE = "at_tensor.cpp"

    def test_walks_from_one_class_to_the_other(self):
        self.run_example("ball", "heart", "strip.png")
        strip = example_support.pixels_of_png(self.folder / "strip.png")
        pictures = tiles(strip)
        self.assertEqual(len(pictures), 8)
        for name, tile in {"ball": pictures[0], "heart": pictures[-1]}.items():
            # The example rounds by itself.
            self.assertLessEqual(max(abs(a - b) for a, b in zip(tile, generated(name))), 1, name)

    def test_mistakes(self):
        self.assert_refused(["ball", "hart", "strip.png"], "hart")
        self.assert_refused(["ball"], "usage", status=2)


if __name__ == "__main__":
    example_support.main(example_support.missing(libraries={"opencv4": "libopencv-dev"}))
