# SPDX-License-Identifier: MIT
"""tools/release/release: a few steps of training packed as a model that stands alone."""

import hashlib
import json
import os
import struct
import unittest

from tests.tools import support, test_train
from tools.helpers import media
from tools.release import release

RELEASE = support.ROOT / "tools/release/release"


class Halved(unittest.TestCase):
    def test_rounds_weights_and_leaves_the_rest(self):
        weight = ("F32", [2], struct.pack("<2f", 1.0, 1 / 3))
        dtype, shape, data = release.halved("a.weight", weight)
        self.assertEqual((dtype, shape), ("F16", [2]))
        self.assertEqual(struct.unpack("<2e", data), (1.0, 0.333251953125))
        self.assertIs(release.halved("rope_embed.periods", weight), weight)
        counter = ("I64", [1], struct.pack("<q", 7))
        self.assertIs(release.halved("a.count", counter), counter)

    def test_says_which_weight_is_too_large(self):
        with self.assertRaisesRegex(release.ReleaseError, "a.weight"):
            release.halved("a.weight", ("F32", [1], struct.pack("<f", 1e6)))


class Release(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)
        self.run_folder, self.model = self.folder / "run", self.folder / "model"

    def test_needs_a_finished_training(self):
        result = support.run(RELEASE, self.folder, self.model)
        self.assertEqual(result.returncode, 1)
        self.assertIn("card.json is not there", result.stdout)

    def test_packs_what_was_trained(self):
        recipe = test_train.shortened(self.folder)
        trained = support.run(test_train.TRAIN, recipe, self.run_folder)
        self.assertEqual(trained.returncode, 0, trained.stdout)
        result = support.run(RELEASE, self.run_folder, self.model, "--recipe", recipe)
        self.assertEqual(result.returncode, 0, result.stdout)
        card = json.loads((self.model / "card.json").read_text())
        for role in ("encoder", "residual", "decoder", "diffusion", "statistics"):
            digest = hashlib.sha256((self.model / card[role]["file"]).read_bytes()).hexdigest()
            self.assertEqual(digest, card[role]["sha256"], role)
        facts = card["training"]["stages"]["diffusion"]
        self.assertEqual((facts["steps"], facts["images"]), (4, 16))
        self.assertEqual(facts["settings"]["max-steps"], 4)
        stages = {json.loads(line)["stage"]
                  for line in (self.model / "training.jsonl").read_text().splitlines()}
        self.assertEqual(stages, {"autoencoder", "diffusion"})
        tensors = media.read_safetensors(self.model / "dit.safetensors")
        self.assertEqual({dtype for dtype, _, _ in tensors.values()}, {"F16"})
        for line in ("svgdiffuse model={} num-images=1 steps=1 ! svgdecode ! fakesink",
                     "svgscenesrc num-images=1 ! svgencode model={} ! svgalign statistics=fixed ! "
                     "svgdecode ! fakesink"):
            played = support.run(support.ROOT / "tools/run", "gst-launch-1.0", "-q",
                                 *line.format(self.model).split())
            self.assertEqual(played.returncode, 0, played.stdout)


if __name__ == "__main__":
    os.environ.setdefault("SVGEN_MODEL_PATH", str(support.ROOT / "models"))
    unittest.main()
