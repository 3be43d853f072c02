# SPDX-License-Identifier: MIT
"""The pages of the elements leave out properties that newer versions of GStreamer add."""

import unittest

from tools.checks import pages



class ElementPages(unittest.TestCase):
    def test_our_properties_and_those_of_old_base_classes_belong_there(self):
        for name in ("batch-size", "classes", "qos", "num-buffers"):
            self.assertFalse(pages.newer_than_the_pages(name), name)
        self.assertIn("guidance-scale", pages.names_in_sources())

    def test_what_a_newer_base_class_adds_does_not(self):
        self.assertTrue(pages.newer_than_the_pages("automatic-eos"))


if __name__ == "__main__":
    unittest.main()
