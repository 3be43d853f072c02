# SPDX-License-Identifier: MIT
"""tools/train: recipes, what is run again, and one whole training of a few steps."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from tests.tools import support
from tools.helpers import train

TRAIN = support.ROOT / "tools/train"
TOY = support.ROOT / "tools/recipes/scenes-tiny.json"


def shortened(folder, toy=TOY, **changes):
    """A toy recipe with a few steps, and `changes` to its stages."""
    recipe = json.loads(toy.read_text())
    small = {"autoencoder": {"max-steps": 4, "batch-size": 4, "checkpoint-interval": 2},
             "statistics": {"images": 16, "batch-size": 8},
             "latents": {"images": 16, "batch-size": 8},
             "diffusion": {"max-steps": 4, "batch-size": 4, "checkpoint-interval": 2},
             "samples": {"num-images": 4, "batch-size": 4, "columns": 2, "steps": 2}}
    for stage, settings in small.items():
        recipe[stage] |= settings | changes.get(stage, {})
    path = pathlib.Path(folder, "recipe.json")
    path.write_text(json.dumps(recipe))
    return path


class Train(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)
        self.out = self.folder / "out"

    def test_trains_both_phases_and_goes_on_where_it_was(self):
        recipe = shortened(self.folder)
        first = support.run(TRAIN, recipe, self.out, "--until", "statistics")
        self.assertEqual(first.returncode, 0, first.stdout)
        self.assertFalse((self.out / "latents.raw").exists())
        second = support.run(TRAIN, recipe, self.out)
        self.assertEqual(second.returncode, 0, second.stdout)
        self.assertIn("autoencoder: done before", second.stdout)
        self.assertIn("diffusion: step 4 of 4", second.stdout)
        self.assertGreater((self.out / "samples.png").stat().st_size, 1000)
        again = support.run(TRAIN, recipe, self.out)
        self.assertEqual(again.stdout.count("done before"), len(train.STAGES) - 2)
        changed = shortened(self.folder, autoencoder={"learning-rate": 0.5})
        refused = support.run(TRAIN, changed, self.out)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("autoencoder differ", refused.stdout)

    def test_trains_other_systems_on_gaussian_latents(self):
        for name in ("repa-tiny", "vavae-tiny"):
            recipe = shortened(self.folder, TOY.with_name(f"{name}.json"))
            done = support.run(TRAIN, recipe, self.folder / name)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertGreater((self.folder / name / "samples.png").stat().st_size, 1000)
            last = json.loads((self.folder / name / "diffusion.jsonl").read_text().splitlines()[-1])
            self.assertIn("alignment" if name == "repa-tiny" else "cosine", last)

    def test_features_need_the_card_of_an_encoder(self):
        recipe = shortened(self.folder)
        changed = json.loads(recipe.read_text()) | {"features": {"batch-size": 4}}
        recipe.write_text(json.dumps(changed))
        refused = support.run(TRAIN, recipe, self.out)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('"features" needs "model"', refused.stdout)

    def test_trains_an_encoder_first_where_the_recipe_says_so(self):
        recipe = shortened(self.folder)
        changed = json.loads(recipe.read_text())
        changed["model"]["encoder"]["file"] = "untrained"
        changed["encoder"] = {"max-steps": 2, "batch-size": 4, "prototypes": 32, "head-width": 32}
        changed["encoder-dataset"] = "svgscenesrc size=72 seed=9"
        recipe.write_text(json.dumps(changed))
        result = support.run(TRAIN, recipe, self.out, "--until", "autoencoder")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("svgscenesrc size=72 seed=9 ! svgtrainencoder", result.stdout)
        base = json.loads((self.out / "base/card.json").read_text())
        self.assertEqual(base["encoder"]["file"],
                         str(self.out / "encoder/step-00000002/ema.safetensors"))
        self.assertEqual(base["decoder"], changed["model"]["decoder"])

    def test_an_interrupted_stage_saves_and_is_resumed(self):
        recipe = shortened(self.folder, autoencoder={"max-steps": 100000})
        process = subprocess.Popen([TRAIN, recipe, self.out], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True,
                                   # Ignores SIGINT, as a background job of a shell does.
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list(self.out.glob("autoencoder/step-*")):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, output)
        self.assertIn("run the same command again", output)
        steps = [json.loads(line)["step"]
                 for line in (self.out / "autoencoder.jsonl").read_text().splitlines()]
        self.assertTrue((self.out / f"autoencoder/step-{steps[-1]:08d}").exists())
        self.assertFalse((self.out / "autoencoder.done").exists())

    def test_a_stage_that_ends_early_is_not_done(self):
        recipe = shortened(self.folder)
        changed = json.loads(recipe.read_text())
        changed["autoencoder-dataset"] = "svgscenesrc num-images=8"  # two steps of four
        recipe.write_text(json.dumps(changed))
        result = support.run(TRAIN, recipe, self.out)
        self.assertEqual(result.returncode, 1)
        self.assertIn("ended at step-00000002, before step 4", result.stdout)
        self.assertFalse((self.out / "autoencoder.done").exists())

    def test_values_of_any_characters_stay_one_word(self):
        recipe = json.loads(shortened(self.folder).read_text())
        data = self.folder / 'my "pictures", 50% ! x'
        for number in range(16):
            folder = data / f"class {number}"
            folder.mkdir(parents=True)
            shutil.copy(support.ROOT / "tests/data/pictures/quad.jpg", folder / "a b.jpg")
        del recipe["model"]["classes"]
        recipe["dataset"] = "svgdatasetsrc location={data} size=64 epochs=-1"
        (self.folder / "recipe.json").write_text(json.dumps(recipe))
        out = self.folder / "my\\ model"
        result = support.run(TRAIN, self.folder / "recipe.json", out, "--set", f"data={data}")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual({path.name for path in out.glob("samples*")}, {"samples.png", "samples.done"})
        names = json.loads((out / "card.json").read_text())["classes"]
        self.assertEqual(names, sorted(f"class {number}" for number in range(16)))

    def test_does_not_write_into_the_folder_of_something_else(self):
        self.out.mkdir()
        (self.out / "card.json").write_text("mine")
        result = support.run(TRAIN, shortened(self.folder), self.out)
        self.assertEqual(result.returncode, 1)
        self.assertIn("holds card.json", result.stdout)
        self.assertEqual((self.out / "card.json").read_text(), "mine")

    def test_a_reader_that_leaves_ends_the_training(self):
        recipe = shortened(self.folder, autoencoder={"max-steps": 100000})
        process = subprocess.Popen([TRAIN, recipe, self.out], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 1)
        self.assertFalse((self.out / "autoencoder.done").exists())

    def test_a_hang_up_saves_unless_it_is_ignored(self):
        recipe = shortened(self.folder, autoencoder={"max-steps": 100000})
        process = subprocess.Popen([*support.HEARS_HANGUPS, TRAIN, recipe, self.out],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list(self.out.glob("autoencoder/step-*")):
            time.sleep(0.1)
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(timeout=60), 130)

    def test_says_what_is_wrong_with_a_recipe(self):
        toy = json.loads(TOY.read_text())
        cases = {"[]": "a JSON object",
                 json.dumps(toy | {"samples": {}}): '"samples" needs "columns"',
                 json.dumps(toy | {"dataset": 7}): '"dataset" must be a text',
                 json.dumps(toy | {"dataset": 'a "b'}): "a quote without its end",
                 json.dumps(toy | {"diffusion": {"max-steps": 1.5}}): '"max-steps" must be a whole',
                 json.dumps(toy | {"diffusion": {"a b": 1}}): "no name of a property",
                 json.dumps(toy | {"diffusion": {"seed": [1]}}): "a text, a number, true or false",
                 "{": "cannot be read as JSON",
                 "{}": "missing keys",
                 json.dumps(json.loads(TOY.read_text()) | {"extra": 1}): "unknown: ['extra']",
                 TOY.read_text().replace("svgscenesrc", "svgscenesrc {more}"): "--set more=VALUE"}
        for text, message in cases.items():
            path = self.folder / "bad.json"
            path.write_text(text)
            result = support.run(TRAIN, path, self.out)
            self.assertEqual(result.returncode, 1)
            self.assertIn(message, result.stdout)

    def test_a_failed_stage_is_an_error_and_not_done(self):
        recipe = shortened(self.folder, autoencoder={"device": "cuda:99"})
        result = support.run(TRAIN, recipe, self.out)
        self.assertEqual(result.returncode, 1)
        self.assertIn("stage autoencoder failed", result.stdout)
        self.assertFalse((self.out / "autoencoder.done").exists())

    def test_the_published_recipe_has_every_stage(self):
        recipe = train.load_recipe(TOY.with_name("svg-b-imagenet.json"),
                                   {"data": "/d", "encoder": "/e"})
        run = train.Run(recipe, self.out)
        self.assertIn("crop=random", run.line("autoencoder"))
        self.assertIn("crop=center", run.line("latents"))
        self.assertEqual(recipe["model"]["encoder"]["file"], "/e")


if __name__ == "__main__":
    os.environ.setdefault("SVGEN_MODEL_PATH", str(support.ROOT / "models"))
    unittest.main()
