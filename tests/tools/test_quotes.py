# SPDX-License-Identifier: MIT
"""The quotes check sees a changed launch line and mends it."""

import unittest

from tests.tools import support

TOOL = support.ROOT / "tools/checks/quotes"
PIPE = "# about: A test.\n# expect: eos\ngst-launch-1.0 fakesrc num-buffers=1 \\\n  ! fakesink\n"
QUOTE = "<!-- pipe: a -->\n```sh\ngst-launch-1.0 fakesrc num-buffers={} \\\n  ! fakesink\n```\n"


class Quotes(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)
        support.write(self.folder, {"pipelines/a.pipe": PIPE, "a.txt": "text\n"})

    def check(self, text, *options):
        support.write(self.folder, {"README.md": text})
        return support.run(TOOL, "--root", self.folder, *options)

    def test_accepts_equal_quotes(self):
        text = QUOTE.format(1) + "\n<!-- file: a.txt -->\n```\ntext\n```\n"
        self.assertEqual(self.check(text).returncode, 0)

    def test_refuses_a_quote_that_differs(self):
        result = self.check(QUOTE.format(2))
        self.assertEqual(result.returncode, 1)
        self.assertIn("README.md: the quote of pipe a differs", result.stdout)

    def test_refuses_a_quote_of_nothing(self):
        self.assertEqual(self.check(QUOTE.format(1).replace("pipe: a", "pipe: b")).returncode, 1)
        self.assertEqual(self.check("<!-- pipe: a -->\ntext\n").returncode, 1)

    def test_mends_on_request(self):
        self.assertEqual(self.check(QUOTE.format(2), "--write").returncode, 0)
        self.assertEqual((self.folder / "README.md").read_text(), QUOTE.format(1))


if __name__ == "__main__":
    unittest.main()
