# SPDX-License-Identifier: MIT
"""Runs tools/bench/training: times both sides of each configuration, in rounds."""

import argparse
import contextlib
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import torch

from tools.bench import eager_training
from tools.bench.models import DITS, PUBLISHED, TINY, dit, shapes, write_weights
from tools.bench.protocol import Guard, Worker, machine, machine_text, paired
from tools.helpers.environment import BUILD

# name: (phase, batch, card)
CONFIGURATIONS = {
    "tiny-autoencoder": ("autoencoder", 16, TINY),
    "tiny-diffusion": ("diffusion", 32, TINY | {"diffusion": dit(256, 8, 4, 16)}),
    "svg-autoencoder": ("autoencoder", 4, PUBLISHED),
    "svg-b-diffusion": ("diffusion", 4, PUBLISHED | {"diffusion": DITS["svg-b"]}),
    "svg-xl-diffusion": ("diffusion", 4, PUBLISHED | {"diffusion": DITS["svg-xl"]}),
}
COMPARED = [name for name in CONFIGURATIONS if not name.startswith("svg-xl")]


def write_card(folder, name):
    """The card of a configuration, with random weights for its encoder."""
    card, weights = CONFIGURATIONS[name][2], f"{name}.safetensors"
    write_weights(folder / weights, shapes(card, "encoder"))
    full = card | {"name": "bench", "encoder": card["encoder"] | {"file": weights, "rope_base": 100}}
    for role in ("residual", "decoder", "diffusion"):
        if role in card:
            full[role] = card[role] | {"file": "untrained"}
    (folder / "card.json").write_text(json.dumps(full))
    return folder / "card.json"


class Ours(Worker):
    """svgen's side: svgen-bench-training, which takes steps on request."""

    def __init__(self, phase, card, dtype, batch, build=BUILD, environment=None):
        super().__init__([build / "tools/svgen-bench-training", phase, card, dtype, batch],
                         environment)

    def __call__(self, steps):
        """Takes so many steps; returns the seconds per step."""
        seconds, _, self.mebibytes = map(float, self.ask(steps))
        return seconds / steps


class Eager:
    """The other side: PyTorch in this process."""

    def __init__(self, phase, card, dtype, batch):
        make = {"autoencoder": eager_training.AutoencoderStep,
                "diffusion": eager_training.DiffusionStep}[phase]
        self.step = make(card, batch)
        self.autocast = contextlib.nullcontext if dtype == "float32" else (
            lambda: torch.autocast("cpu", torch.bfloat16))

    def __call__(self, steps):
        start = time.monotonic()
        for _ in range(steps):
            self.step(self.autocast)
        return (time.monotonic() - start) / steps


def compare(name, dtype, rounds, folder):
    phase, batch, card = CONFIGURATIONS[name]
    ours = Ours(phase, write_card(folder, name), dtype, batch)
    eager = Eager(phase, card, dtype, batch)
    eager(2)
    ours(1)
    steps = max(1, round(0.5 / ours(1)))  # so many that they take half a second
    found = paired(lambda: eager(steps), lambda: ours(steps), rounds, Guard([ours.pid]))
    ours.close()
    return {"name": name, "dtype": dtype, "batch": batch, "steps": steps,
            "eager": statistics.median(found["a"]), "ours": statistics.median(found["b"]), **found}


def ours_alone(name, dtype, folder):
    phase, batch, _ = CONFIGURATIONS[name]
    ours = Ours(phase, write_card(folder, name), dtype, batch)
    ours(1)
    seconds = statistics.median(ours(1) for _ in range(3))
    ours.close()
    return {"name": name, "dtype": dtype, "batch": batch, "ours": seconds,
            "images_per_second": batch / seconds, "peak_mebibytes": ours.mebibytes}


def main(about):
    """Runs the tool; the first line of `about` is the description that --help shows."""
    parser = argparse.ArgumentParser(prog="tools/bench/training", description=about.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=COMPARED, action="append")
    parser.add_argument("--ours", choices=list(CONFIGURATIONS), action="append", default=[])
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), action="append")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    subprocess.run(["ninja", "-C", BUILD, "product", "tools/svgen-bench-training"], check=True,
                   stdout=subprocess.DEVNULL)
    dtypes = options.dtype or ["float32", "bfloat16"]
    print(f"{machine_text(machine())}\n")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.ours:
            for dtype in dtypes:
                r = ours_alone(name, dtype, pathlib.Path(folder))
                print("{name} {dtype} batch {batch}: {ours:.3f} s, {images_per_second:.2f} images/s, "
                      "{peak_mebibytes:.0f} MiB".format(**r), flush=True)
                results.append(r)
        for name in [] if options.ours else options.only or COMPARED:
            for dtype in dtypes:
                r = compare(name, dtype, options.rounds, pathlib.Path(folder))
                print("{name} {dtype} batch {batch}: PyTorch {eager:.4f} s, svgen {ours:.4f} s, ratio "
                      "{ratio:.2f} ({low:.2f}-{high:.2f}), {rounds} rounds of {steps} steps, "
                      "{repeated} repeated".format(**r), flush=True)
                results.append(r)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0
