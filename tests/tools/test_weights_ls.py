# SPDX-License-Identifier: MIT
"""tools/weights-ls lists files of every container and refuses what is none."""

import unittest

from tests.tools import support

TOOL = support.ROOT / "tools/weights-ls"


class WeightsLs(unittest.TestCase):
    def test_lists_names_shapes_and_dtypes(self):
        for name in ("dit_tiny.pt", "dit_tiny_views.pt", "dit_tiny.safetensors"):
            result = support.run(TOOL, support.ROOT / "tests/data/tiny" / name)
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn("y_embedder.embedding_table.weight", result.stdout)
            self.assertIn("[11, 64]", result.stdout)
            self.assertIn("float32", result.stdout)

    def test_refuses_a_file_that_holds_no_tensors(self):
        result = support.run(TOOL, support.ROOT / "meson.build")
        self.assertEqual(result.returncode, 1)
        self.assertIn("meson.build", result.stdout)

    def test_a_full_disk_under_the_listing_is_an_error(self):
        name = support.ROOT / "tests/data/tiny/dit_tiny.pt"
        result = support.run("sh", "-c", '"$0" "$1" > /dev/full', TOOL, name)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("cannot be written", result.stdout)

    def test_says_how_it_is_called(self):
        result = support.run(TOOL)
        self.assertEqual(result.returncode, 2)
        self.assertIn("usage", result.stdout)


if __name__ == "__main__":
    unittest.main()
