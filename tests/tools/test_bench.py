# SPDX-License-Identifier: MIT
"""tools/bench: its counts, its rounds, its cells, and a run on the embedded model; no times."""

import json
import sys
import unittest

from tests.tools import support
from tools.bench import cells, counts, protocol
from tools.helpers import document

BENCH = support.ROOT / "tools/bench/inference"
PYTHON = support.ROOT / ".venv/bin/python"
SIZES = {
    "patch": 16, "grid": [16, 16],
    "encoder": {"width": 384, "depth": 12, "heads": 6, "ffn": 1536, "registers": 4},
    "residual": {"width": 384, "depth": 6, "heads": 8, "mlp": 1536, "outputs": 8},
    "decoder": {"channels": 128, "multipliers": [1, 1, 2, 2, 4], "res_blocks": 2,
                "attention_levels": [4]},
}


def with_dit(width, depth):
    return SIZES | {"diffusion": {"width": width, "depth": depth, "mlp": 4 * width}}


class Counts(unittest.TestCase):
    """The counts equal those of the published code."""

    def check(self, count, giga):
        self.assertAlmostEqual(sum(count.values()) / 1e9, giga, places=3)

    def test_of_the_published_sizes(self):
        for width, depth, giga in ((768, 12, 46.300), (1024, 24, 161.781), (1152, 28, 237.677)):
            self.check(counts.dit(with_dit(width, depth)), giga)
        self.check(counts.semantic(SIZES, 16), 16.185)
        self.check(counts.residual(SIZES, 16), 6.294)
        self.check(counts.decode(SIZES, 16), 253.036)

    def test_of_whole_jobs(self):
        card = with_dit(1152, 28)
        for steps, giga in ((5, 2629.806), (25, 12136.884)):
            self.check(counts.of({"part": "image", "steps": steps, "guidance": 4}, card), giga)
        frame = counts.of({"part": "frame", "batch": 2}, card)
        self.check(frame, 2 * (16.185231 + 6.293825 + 253.036069))

    def test_a_floor_is_the_sum_over_kinds(self):
        self.assertEqual(counts.floor({"gemm": 6, "conv": 8}, {"gemm": 2, "conv": 4}), 5)


class Rounds(unittest.TestCase):
    def test_go_abba_and_baab(self):
        order = []

        def side(name, seconds):
            return lambda: order.append(name) or seconds

        found = protocol.paired(side("a", 3), side("b", 2), 2, protocol.Guard([], enabled=False))
        self.assertEqual("".join(order), "abbabaab")
        self.assertEqual((found["ratio"], found["a"], found["b"]), (1.5, [3, 3], [2, 2]))

    def test_a_disturbed_one_is_repeated(self):
        loads, runs = iter([True, False, True, False, False]), []
        guard = protocol.Guard([])
        guard.load_during = lambda work: (None if work is guard.wait else work(), 0, next(loads))
        guard(lambda: runs.append(1))  # waits twice, is disturbed, waits, is not
        self.assertEqual((len(runs), guard.repeated), (2, 1))


class Workers(unittest.TestCase):
    def refusal(self, code):
        with protocol.Worker([sys.executable, "-c", code]) as worker:
            with self.assertRaises(protocol.WorkerError) as raised:
                worker.ask("dit")
        return str(raised.exception), raised.exception.unsupported

    def test_tell_what_cannot_be_from_what_fails(self):
        self.assertEqual(self.refusal("print('unsupported no bfloat16')"), ("no bfloat16", True))
        self.assertEqual(self.refusal("print('error a list')"), ("a list", False))

    def test_that_end_say_why(self):
        text, unsupported = self.refusal("import sys; sys.exit('no such module\\n')")
        self.assertIn("ended with 1: no such module", text)
        self.assertFalse(unsupported)


class Cells(unittest.TestCase):
    def test_have_names_of_their_own(self):
        for quick in (False, True):
            every = cells.selected(cells.SECTIONS, quick)
            parts = [cells.selected([name], quick) for name in cells.SECTIONS]
            self.assertTrue(all(parts))
            self.assertEqual(set(every), {name for part in parts for name in part})


@unittest.skipUnless(PYTHON.exists(), "there is no .venv")
class Run(unittest.TestCase):
    def run_bench(self, *arguments):
        result = support.run(BENCH, "--quick", "--no-build", "--out", self.folder / "out", *arguments)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def test_measures_each_part_once_and_writes_all_of_it(self):
        self.folder = support.scratch_folder(self)
        page = self.folder / "page.md"
        page.write_text("# By hand\n")
        arguments = ("--only", "dit,decode,encode", "--match", "mini-float32", "--write", page)
        output = self.run_bench(*arguments)
        self.assertTrue(output.endswith("3 measured, 0 not supported, 0 failed, 0 not installed\n"), output)
        found = json.loads((self.folder / "out/results.json").read_text())
        self.assertEqual([cell["cell"]["part"] for cell in found["cells"]],
                         ["dit", "decode", "encode"])
        for cell in found["cells"]:
            accuracy = cell["accuracy"]
            for key in ("apart", "ours", "peer"):
                self.assertLess(accuracy[key], 1e-5, (cell["cell"], key))
            self.assertLessEqual(accuracy.get("levels", 0), 1)
        text = page.read_text()
        self.assertTrue(text.startswith("# By hand\n"))
        self.assertIn("**Measured without the guard", text)
        rows = document.sections_of(text)["The decoder: latents to pixels"].strip().splitlines()
        self.assertEqual(len(rows), 3)
        self.assertIn("| decode, 1 thread | float32 | PyTorch eager |", rows[2])
        files = {path: path.stat().st_mtime_ns for path in (self.folder / "out/cells").iterdir()}
        self.run_bench(*arguments)
        self.assertEqual(files, {path: path.stat().st_mtime_ns for path in files})


if __name__ == "__main__":
    unittest.main()
