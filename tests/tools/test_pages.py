# SPDX-License-Identifier: MIT
"""The pages of the elements leave out what depends on the version of GStreamer."""

import unittest

from tools.checks import pages


class ElementPages(unittest.TestCase):
    def test_our_properties_and_those_of_old_base_classes_belong_there(self):
        for name in ("batch-size", "classes", "qos", "num-buffers"):
            self.assertFalse(pages.newer_than_the_pages(name), name)
        self.assertIn("guidance-scale", pages.names_in_sources())

    def test_what_a_newer_base_class_adds_does_not(self):
        self.assertTrue(pages.newer_than_the_pages("automatic-eos"))

    def test_what_a_build_lacks_is_said_by_gst_inspect_alone(self):
        self.assertEqual(pages.without_absence("Send on (a wish) (not in this build: needs 1.26)"),
                         "Send on (a wish)")
        self.assertEqual(pages.without_absence("Send on (a wish)"), "Send on (a wish)")

    def test_caps_of_some_builds_are_left_out_of_their_pad_alone(self):
        templates = ["SINK template: 'sink'", "  Capabilities:", "    video/x-raw", "       width: 1",
                     "SRC template: 'src'", "  Capabilities:", "    other/tensors", "       format: s",
                     "    video/x-raw", "       width: 1", "    other/tensors(memory:SVGTensor)"]
        self.assertEqual(pages.in_every_build("svgencode", templates),
                         templates[:8] + templates[10:])
        self.assertEqual(pages.in_every_build("svgdecode", templates), templates)


if __name__ == "__main__":
    unittest.main()
