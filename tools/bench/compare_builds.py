# SPDX-License-Identifier: MIT
"""Runs tools/bench/builds: times each job in a worker of either build, in rounds."""

import argparse
import contextlib
import json
import pathlib
import statistics
import subprocess
import tempfile

from tools.bench import models
from tools.bench.compare_training import CONFIGURATIONS, Ours, write_card
from tools.bench.protocol import Guard, Worker, environment, machine, machine_text, paired

THREADS = 2
SHORTEST = 0.5  # seconds of one measurement
INFERENCE = {"evaluation SVG-XL": "dit", "decode": "decode", "encode": "encode"}
STEP = "training step SVG-B"


class Inference:
    """Times one part of a model in svgen-bench."""

    def __init__(self, folder, part):
        self.card, self.part = models.write_model(folder, "svg-xl"), part
        self.inputs = folder / "inputs.safetensors"
        if not self.inputs.exists():
            card = json.loads(self.card.read_text())
            models.write_inputs(self.inputs, card, 1, {card["grid"][0]})

    def worker(self, build, dtype):
        return Worker([build / "tools/svgen-bench", self.card, dtype, THREADS, "cpu"],
                      environment(build, THREADS))

    def seconds(self, worker, repeats):
        return float(worker.ask(self.part, f"inputs={self.inputs}", "batch=1", "side=16",
                                "steps=1", "guidance=1", f"repeats={repeats}")[0]) / repeats


class Training:
    """Times a training step of phase 2 in svgen-bench-training."""

    def __init__(self, folder):
        self.phase, self.batch, _ = CONFIGURATIONS["svg-b-diffusion"]
        self.card = write_card(folder, "svg-b-diffusion")

    def worker(self, build, dtype):
        return Ours(self.phase, self.card, dtype, self.batch, build, environment(build, THREADS))

    @staticmethod
    def seconds(worker, repeats):
        return worker(repeats)


def compare(job, dtype, builds, options):
    with contextlib.ExitStack() as running:
        before, after = (running.enter_context(job.worker(build, dtype)) for build in builds)
        once = min(job.seconds(worker, 1) for worker in (before, after) for _ in range(2))
        repeats = max(1, round(SHORTEST / once))
        return paired(lambda: job.seconds(before, repeats), lambda: job.seconds(after, repeats),
                      options.rounds, Guard([before.pid, after.pid], not options.unguarded))


def main(about):
    """Runs the tool; `about` is the text of --help."""
    parser = argparse.ArgumentParser(prog="tools/bench/builds", description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs=2, type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=[*INFERENCE, STEP], action="append")
    parser.add_argument("--unguarded", action="store_true")
    options = parser.parse_args()
    builds = [build.resolve() for build in options.builds]
    for build in builds:
        subprocess.run(["ninja", "-C", build, "product", "tools/svgen-bench",
                        "tools/svgen-bench-training"], check=True, stdout=subprocess.DEVNULL)
    print(f"{machine_text(machine())}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name in options.only or [*INFERENCE, STEP]:
            job = Training(folder) if name == STEP else Inference(folder, INFERENCE[name])
            for dtype in ("float32", "bfloat16"):
                found = compare(job, dtype, builds, options)
                before, after = (statistics.median(found[side]) for side in "ab")
                print(f"{name} {dtype}: before {before:.4f} s, after {after:.4f} s, ratio "
                      f"{found['ratio']:.3f} ({found['low']:.3f}-{found['high']:.3f}), "
                      f"{options.rounds} rounds, {found['repeated']} repeated", flush=True)
    return 0
