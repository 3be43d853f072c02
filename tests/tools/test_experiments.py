# SPDX-License-Identifier: MIT
"""How tools/experiments/run puts its sections into a document."""

import json
import os
import types
import unittest
import unittest.mock

from tests.tools import support
from tools.experiments import distillation, judges, lab, levers, run, solvers, systems


class Write(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)
        self.runner = types.SimpleNamespace(out=self.folder / "out")
        for name in ("sections", "pictures"):
            (self.runner.out / name).mkdir(parents=True)
        self.document = self.folder / "docs/experiments.md"
        self.document.parent.mkdir()

    def section(self, name, text):
        title = run.EXPERIMENTS[name][0]
        (self.runner.out / f"sections/{name}.md").write_text(f"## {title}\n\n{text}\n")

    def written(self):
        run.write(self.runner, self.document)
        return self.document.read_text()

    def test_what_is_above_the_mark_stays(self):
        self.document.write_text(f"# By hand\n\n{run.MARK}\n")
        self.section("gates", "first")
        self.assertTrue(self.written().startswith(f"# By hand\n\n{run.MARK}\n\n## "))

    def test_a_section_takes_the_place_of_its_like_and_others_stay_in_order(self):
        self.section("gates", "old gates")
        self.section("probes", "old probes")
        self.written()
        (self.runner.out / "sections/probes.md").unlink()
        self.section("gates", "new gates")
        self.section("steps", "steps")
        text = self.written()
        self.assertNotIn("old gates", text)
        places = [text.index(part) for part in ("new gates", "steps", "old probes")]
        self.assertEqual(places, sorted(places))
        self.assertEqual(text, self.written())


class Measure(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)
        self.runner = lab.ExperimentRunner(types.SimpleNamespace(
            out=self.folder, model="mini", images=1, seeds=1, parallel=1))
        self.made = self.folder / "features"
        self.runs = 0

    def run_line(self, *_, **__):
        self.runs += 1
        self.made.write_text("made")
        return types.SimpleNamespace(returncode=0, stdout='{"knn": 1}\n')

    def measured(self):
        with unittest.mock.patch("subprocess.run", self.run_line):
            return self.runner.measure("videotestsrc ! fakesink", makes=self.made)["results"]

    def test_a_line_runs_once_and_again_when_its_file_is_gone(self):
        self.assertEqual(self.measured(), {"knn": 1})
        self.assertEqual(self.measured(), {"knn": 1})
        self.assertEqual(self.runs, 1)
        self.made.unlink()
        self.measured()
        self.assertEqual(self.runs, 2)

    def test_what_is_measured_does_not_depend_on_where_files_lie(self):
        self.assertEqual(self.runner.portable(f"location={self.folder}/x.rgb"), "location=OUT/x.rgb")

    def test_lines_side_by_side_share_the_cores(self):
        self.runner.parallel = 2
        before = self.runner.environment
        threads = self.runner.map(lambda _: self.runner.environment["OMP_NUM_THREADS"], range(3))
        self.assertEqual(threads, [str(max(1, os.cpu_count() // 2))] * 3)
        self.assertEqual(self.runner.environment, before)

    def test_a_training_by_another_line_is_not_taken_for_this_one(self):
        folder = self.folder / "training"
        with unittest.mock.patch("subprocess.run", self.run_line):
            self.runner.train("videotestsrc ! fakesink", folder, self.made)
            self.runner.train("videotestsrc ! fakesink", folder, self.made)
            self.assertEqual(self.runs, 1)
            with self.assertRaises(SystemExit):
                self.runner.train("videotestsrc pattern=ball ! fakesink", folder, self.made)


class Systems(unittest.TestCase):
    """The comparison's launch lines, which a fake runner records."""

    def setUp(self):
        self.folder = support.scratch_folder(self)
        runner = lab.ExperimentRunner(types.SimpleNamespace(
            out=self.folder, model="mini", images=8, seeds=2, parallel=1))
        with unittest.mock.patch("subprocess.run"):
            self.comparison = systems.Comparison(runner)
        self.comparison.encoder = lambda which: judges.FIRST
        self.lines = []
        runner.measure = lambda line, makes=None, complete=None: self.lines.append(line)

    def test_every_row_has_an_autoencoder_and_all_transformers_one_size(self):
        for name, row in systems.ROWS.items():
            self.assertIn(row.autoencoder, systems.AUTOENCODERS, name)
            stored = self.folder / "systems" / row.autoencoder
            (stored / "latent").mkdir(parents=True, exist_ok=True)
            recipe = self.comparison.recipe(row.autoencoder)
            (stored / "latent/card.json").write_text(json.dumps(recipe["model"]))
            with unittest.mock.patch.object(self.comparison, "autoencoder", return_value=stored):
                self.comparison.transformer(name)
            card = json.loads((self.comparison.folder(name) / "card.json").read_text())
            self.assertEqual(card["system"], row.system)
            self.assertEqual(card["diffusion"], systems.TRANSFORMER)
        self.assertEqual(sum("trainer.features" in line for line in self.lines), 1)

    def test_a_lever_differs_from_the_first_in_one_thing(self):
        autoencoders, (first, *others) = levers.AUTOENCODERS, levers.LEVERS.values()
        for row in others:
            which = autoencoders[row.autoencoder]
            changes = [row.settings, row.diffusion, which.settings, which.residual != 24]
            self.assertEqual(sum(map(bool, changes)), 1, row)
        self.assertEqual(first, systems.ROWS["SVG"])

    def test_the_encoders_and_judges_are_there(self):
        for card in (judges.FIRST, judges.SHAPES, systems.FREE):
            self.assertTrue(card.with_name(json.loads(card.read_text())["encoder"]["file"]).is_file())

    def test_long_trainings_see_as_many_pictures_and_differ_in_their_targets(self):
        settings = [distillation.settings_of(name)[0] for name in distillation.LONG]
        self.assertEqual(len({s["max-steps"] * s["batch-size"] for s in settings}), 1)
        self.assertEqual(len({(s["targets"], s["sinkhorn-steps"]) for s in settings}), len(settings))
        self.assertEqual(distillation.doublings([4, 8, 12, 16, 20]), [4, 8, 16, 20])

    def test_passes_are_a_second_one_for_each_guided_step(self):
        self.assertEqual(solvers.passes(25, 0.2, 0.15), 34)
        self.assertEqual(solvers.passes(25, 0, 0.15), 49)
        self.assertEqual(solvers.passes(4, 0.5, 1), 5)

    def test_a_cache_leaves_out_evaluations_but_the_first_two_and_the_last(self):
        self.assertEqual([solvers.evaluated(25, interval) for interval in (1, 2, 3, 4)], [25, 14, 10, 8])

    def test_autoencoders_have_decoders_of_one_size_and_as_many_pictures(self):
        decoders, pictures = [], set()
        for name in systems.AUTOENCODERS:
            recipe = self.comparison.recipe(name)
            decoder = recipe["model"]["decoder"]
            decoders.append([decoder[key] for key in ("channels", "multipliers", "res_blocks")])
            stage = recipe["autoencoder"]
            pictures.add(stage["max-steps"] * stage["batch-size"])
        self.assertEqual(decoders, [decoders[0]] * len(decoders))
        self.assertEqual(len(pictures), 1)


if __name__ == "__main__":
    unittest.main()
