# SPDX-License-Identifier: MIT
"""The example in Python that makes an array for numpy out of a folder of pictures."""

import shutil
import sys
import unittest

from tests.tools import example_support, support

PROGRAM = [sys.executable, example_support.EXAMPLES / "features.py"]


class Features(unittest.TestCase):
    """tools/examples/features.py"""

    def setUp(self):
        self.folder = support.scratch_folder(self)

    def assert_refused(self, words, *texts, status=1):
        before = sorted(self.folder.rglob("*"))
        result = example_support.run(*PROGRAM, *words, cwd=self.folder)
        self.assertEqual(result.returncode, status, result.stdout)
        for text in texts:
            self.assertIn(text, result.stdout)
        self.assertNotIn("Traceback", result.stdout)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def test_are_those_of_the_pictures_in_order(self):
        import numpy
        folder = self.folder / "pictures"
        (folder / "deeper").mkdir(parents=True)
        shutil.copy(support.ROOT / "tests/data/photos/hills.jpg", folder / "deeper/my hills.JPG")
        for name in ("b.png", "a.png"):
            example_support.run("gst-launch-1.0", "-q", "svgdiffuse", "classes=heart", "steps=1",
                                f"seed={ord(name[0])}", "num-images=1", "!", "svgdecode", "!",
                                "videoconvert", "!", "pngenc", "!", "filesink",
                                f"location={folder / name}")
        (folder / "notes.md").write_text("no picture")
        result = example_support.run(*PROGRAM, folder, "all.npy", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)
        features = numpy.load(self.folder / "all.npy")
        self.assertEqual((features.shape, features.dtype), ((3, 64, 128), numpy.float32))
        self.assertEqual((self.folder / "all.txt").read_text().splitlines(),
                         ["a.png", "b.png", "deeper/my hills.JPG"])
        shutil.rmtree(folder / "deeper")
        (folder / "a.png").unlink()
        example_support.run(*PROGRAM, folder, "one.npy", cwd=self.folder)
        self.assertTrue((numpy.load(self.folder / "one.npy")[0] == features[1]).all())

    def test_names_of_any_characters_and_older_files(self):
        folder = self.folder / "p"
        folder.mkdir()
        for name in ('a "b", c.jfif', "line\nend.JPG", "caf\udce9.jpg"):
            shutil.copy(support.ROOT / "tests/data/pictures/quad.jpg", folder / name)
        shutil.copy(support.ROOT / "tests/data/pictures/anim.gif", folder / "x.gif")
        result = example_support.run(*PROGRAM, folder, "f.npy", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("3 pictures", result.stdout)
        self.assertIn("1 pictures are left out", result.stdout)
        self.assertEqual((self.folder / "f.txt").read_bytes().splitlines(),
                         [b'a "b", c.jfif', b"caf\xe9.jpg", b"line\\nend.JPG"])
        self.assert_refused([folder, "f.npy"], "f.npy is there already", "--force")
        again = example_support.run(*PROGRAM, "--force", folder, "f.npy", cwd=self.folder)
        self.assertEqual(again.returncode, 0, again.stdout)
        self.assertEqual(len(list(self.folder.glob("f.*"))), 2)

    def test_mistakes(self):
        (self.folder / "empty").mkdir()
        support.write(self.folder, {"broken/a.png": "no picture"})
        self.assert_refused(["empty", "f.npy"], "empty has no pictures", ".png")
        self.assert_refused(["nosuch", "f.npy"], "nosuch is no folder")
        self.assert_refused(["broken", "f.npy"], "cannot be decoded", "broken/a.png")
        self.assert_refused(["broken", "f.txt"], "f.txt is no name of a .npy file")
        self.assert_refused(["broken", "no/f.npy"], "existing folder")
        self.assert_refused([], "usage", status=2)


if __name__ == "__main__":
    example_support.main(example_support.missing(
        modules={"gi": "python3-gst-1.0", "numpy": "python3-numpy"}))
