# SPDX-License-Identifier: MIT
"""The helpers of the tools: words of launch lines, and files that are complete or not there."""

import pathlib
import shlex
import tempfile
import unittest

from tests.tools import support
from tools.helpers import document, files, launch

ODD = ["a b", 'my "clip" 50%.mp4', "back\\slash", "it's", "x!y", "a,b", "tab\tline\nend", "\u00e9", ""]


class Launch(unittest.TestCase):
    def test_a_plain_value_stays_as_it_is(self):
        self.assertEqual(launch.quoted("/a/b-1.webm"), "/a/b-1.webm")

    def test_a_quoted_value_is_one_word_for_the_shell_and_quoted_for_gstreamer(self):
        for value in ODD:
            word, = launch.words(f"location={launch.quoted(value)}")
            inner = word[len("location="):]
            if inner != value:
                self.assertEqual((inner[0], inner[-1]), ('"', '"'))
                self.assertEqual(inner[1:-1].replace('\\"', '"').replace("\\\\", "\\"), value)

    def test_what_is_filled_in_never_becomes_more_words(self):
        for value in ODD:
            line = launch.words("src location={data}/x other={x} ! caps/x, width=3 ! sink")
            found = launch.for_parser(launch.substituted(line, {"data": value}))
            self.assertEqual(len(found), 8, value)
            self.assertEqual(launch.words(f"location={launch.quoted(value + '/x')}"), found[1:2])
            self.assertEqual(found[2:6], ['other="{x}"', "!", "caps/x,", "width=3"])

    def test_values_are_not_filled_in_themselves(self):
        self.assertEqual(launch.substituted(["{a}"], {"a": "{b}", "b": "x"}), ["{b}"])

    def test_what_is_shown_can_be_typed(self):
        line = ["a", "!", "b", 'location="x y"']
        self.assertEqual(shlex.split(launch.shown(line)), line)
        self.assertEqual(launch.shown(line[:3]), "a ! b")


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)
        self.path = self.folder / "a.txt"

    def test_a_failure_leaves_the_old_file_alone(self):
        files.write_text(self.path, "old")
        with self.assertRaises(ValueError):
            with files.unfinished(self.path) as beside:
                beside.write_text("half")
                raise ValueError
        self.assertEqual(self.path.read_text(), "old")
        self.assertEqual(list(self.folder.iterdir()), [self.path])

    def test_a_whole_file_takes_its_place(self):
        files.write_text(self.path, "old")
        files.write_text(self.path, "new")
        self.assertEqual(self.path.read_text(), "new")
        self.assertEqual(list(self.folder.iterdir()), [self.path])


class Document(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "page.md"
        self.pictures = pathlib.Path(folder.name) / "pictures"
        self.pictures.mkdir()

    def test_what_is_written_by_hand_stays(self):
        self.path.write_text("# Page\n\nMARK\n\n## Table\n\nold\n\n## Words\n\nby hand\n")
        document.put_sections(self.path, "MARK", {"Table": "new"}, ["Table"], self.pictures)
        self.assertEqual(self.path.read_text(),
                         "# Page\n\nMARK\n\n## Table\n\nnew\n\n## Words\n\nby hand\n")


if __name__ == "__main__":
    unittest.main()
