# SPDX-License-Identifier: MIT
"""The example in C that drives svgedit by control sources, frame by frame."""

import subprocess
import unittest

from tests.tools import example_support, support

SIDE = 64
PATTERN = f"pattern=ball ! video/x-raw,width={SIDE},height={SIDE},framerate=10/1"


def distance(a, b):
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


class EditOverTime(unittest.TestCase):
    """tools/examples/edit_over_time.c"""

    @classmethod
    def setUpClass(cls):
        cls.program = example_support.compiled(cls, "edit_over_time.c")

    def setUp(self):
        self.folder = support.scratch_folder(self)

    def edited(self, *words, folder="frames"):
        """The frames that it writes, as RGB bytes."""
        result = example_support.run(self.program, *words[:-1], folder, *words[-1],
                                     cwd=self.folder, timeout=100)
        self.assertEqual(result.returncode, 0, result.stdout)
        data = example_support.pixels(f"multifilesrc location={self.folder}/frames/frame-%05d.png "
                                      "caps=image/png,framerate=10/1 ! pngdec ! videoconvert")
        return [data[at:at + SIDE * SIDE * 3] for at in range(0, len(data), SIDE * SIDE * 3)]

    def test_begins_with_the_reconstruction_and_leaves_it_more_and_more(self):
        frames = self.edited("--seconds", "1", "--strength", "1", ["6"])
        self.assertEqual(len(frames), 20)
        line = f"videotestsrc num-buffers=20 {PATTERN} ! svgencode ! svgalign ! svgdecode"
        data = example_support.pixels(line)
        plain = [data[at:at + SIDE * SIDE * 3] for at in range(0, len(data), SIDE * SIDE * 3)]
        away = [distance(a, b) for a, b in zip(frames, plain)]
        self.assertEqual(away[0], 0)
        self.assertGreater(away[8], away[3])
        self.assertGreater(away[3], 0)
        self.assertEqual(len(set(frames[10:])), 1)  # noise alone, the same for all frames
        heart = example_support.pixels("svgdiffuse classes=6 steps=5 num-images=1 ! svgdecode")
        self.assertEqual(frames[10], heart)

    def test_one_class_follows_the_other(self):
        one = self.edited("--seconds", "1", ["6"])
        two = self.edited("--seconds", "1", ["6", "12"])
        self.assertEqual([a == b for a, b in zip(one, two)], [True] * 5 + [False] * 15)

    def test_edits_a_video_of_any_size(self):
        subprocess.run([example_support.RUN, "gst-launch-1.0", "-q",
                        *"videotestsrc num-buffers=6 pattern=ball ! "
                        "video/x-raw,width=160,height=120,framerate=10/1 ! vp8enc deadline=1 ! "
                        "webmmux ! filesink location=ball.webm".split()],
                       cwd=self.folder, check=True)
        frames = self.edited("--video", "ball.webm", "--seconds", "0.5", ["6"])
        self.assertEqual(len(frames), 6)

    def test_a_folder_may_have_any_name(self):
        name = "50% \"of\" it"
        (self.folder / name).mkdir()
        (self.folder / "frames").symlink_to(name)
        self.assertEqual(len(self.edited("--strength", "0", ["6"], folder=name)), 20)

    def test_mistakes(self):
        for words, status, text in (
                (["out"], 2, "usage"), (["out", "heart"], 1, "heart"), (["out", "-1"], 2, "-1"),
                (["--strength", "2", "out", "6"], 2, "--strength must be from 0 to 1"),
                (["--strength", "nan", "out", "6"], 2, "--strength must be from 0 to 1"),
                (["--seconds", "0", "out", "6"], 2, "--seconds"),
                (["out", "16"], 1, "16"), (["--video", "nosuch.webm", "out", "6"], 1, "nosuch.webm"),
                (["--video", support.ROOT / "tests/data/videos/tone.wav", "out", "6"], 1, "decodebin"),
                (["file", "6"], 1, "file")):
            (self.folder / "file").touch()
            result = example_support.run(self.program, *words, cwd=self.folder, timeout=60)
            self.assertEqual(result.returncode, status, (words, result.stdout))
            self.assertIn(text, result.stdout)


if __name__ == "__main__":
    example_support.main()
