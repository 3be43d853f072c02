# SPDX-License-Identifier: MIT
"""Measures a small model and shows the paper's claims with it: tables, pictures, the exact commands.

usage: tools/experiments/run [--model CARD] [--out FOLDER] [--only NAME ...] [--images N] [--seeds N]
                             [--parallel N] [--write docs/experiments.md]

Every number is the result of one launch line, kept in OUT/cells under a digest of the line and of the
model: run again, only what is missing is measured. Names: gates, steps, solvers, guidance,
distillation, ablations, probes, maps, interpolation, systems, levers, editing, flicker. Pictures
go to OUT/pictures, a text of each experiment to OUT/sections; --write joins them. --parallel runs
lines side by side, each with its share of the cores.
"""

import argparse
import json
import math
import os
import pathlib
import random
import struct
import subprocess

from tools.experiments import judges
from tools.experiments.ablations import ablations
from tools.experiments.distillation import distillation
from tools.experiments.editing import editing
from tools.experiments.flicker import flicker
from tools.experiments.lab import (HELD_OUT, QUALITY, ExperimentRunner, card_of, features, latents,
                                   percent, plain, quality, real, share)
from tools.experiments.levers import levers
from tools.experiments.solvers import solvers
from tools.experiments.systems import systems
from tools.helpers import media
from tools.helpers.document import put_sections, sections_of, table
from tools.helpers.environment import ROOT, finding_modules, python_with
from tools.helpers.files import write_text
from tools.helpers.launch import quoted

PHOTOS = ROOT / "tests/data/photos/natural.txt"


# The kinds of features that maps and probes compare, as the middle of a launch line.
def frontends(runner):
    return {"frozen features": features(runner.model),
            "latents": latents(runner.model),
            "random encoder": features(runner.random_encoder()),
            "pixels, 16x16": "videoscale ! video/x-raw,width=16,height=16"}


def probes(runner):
    kinds = frontends(runner) | {"an encoder that learned from labels": features(judges.FIRST)}
    found = runner.map(runner.probe, kinds.values())
    rows = [[name, percent(probe["knn"]), percent(probe["linear"])]
            for name, probe in zip(kinds, found)]
    return table(["features", "k nearest neighbours", "linear probe"], rows)


def fidelity(found):
    return (f"{found['mean_psnr']:.2f} dB, mean over images ({found['psnr']:.2f} dB of all pixels), "
            f"SSIM {found['ssim']:.3f}")


def gates(runner):
    accuracy = dict(zip((5, 10, 25), judges.spreads(runner, [f"steps={n}" for n in (5, 10, 25)])))
    ratio = accuracy[5]["frechet"][0] / accuracy[25]["frechet"][0]
    scenes = runner.psnr(f"{real(101, 'varied')} num-images=512", latents(runner.model))
    photos = runner.psnr(f"svgdatasetsrc location={quoted(PHOTOS)} size=64", latents(runner.model))
    held_out = f"{real(31)} num-images={runner.images}"
    on_real = judges.scores(runner, held_out)
    on_decoded = judges.scores(runner, f"{held_out} ! {latents(runner.model)} ! svgdecode")
    # The second run is timed: files are in the page cache then.
    quick = (f"svgdiffuse model={quoted(runner.model)} classes=all num-images=16 batch-size=16 "
             "steps=10")
    runner.measure(f"{quick} ! svgdecode ! fakesink")
    seconds = runner.measure(f"{quick} seed=1 ! svgdecode ! fakesink")["seconds"]
    linear = runner.probe(features(runner.model))["linear"]
    size = sum(file.stat().st_size for file in card_of(runner.model).parent.iterdir()) / 1e6
    rows = [
        ["class accuracy of real held-out images", "", percent(on_real["linear"])],
        ["class accuracy of their reconstructions", "near the row above", percent(on_decoded["linear"])],
        ["Fréchet distance of real held-out images", "", f"{on_real['frechet']:.2f}"],
        ["Fréchet distance of their reconstructions", "", f"{on_decoded['frechet']:.2f}"],
        ["class accuracy, 25 steps", "≥ 97 %", share(accuracy[25]["linear"])],
        ["class accuracy, 10 steps", "", share(accuracy[10]["linear"])],
        ["class accuracy, 5 steps", "≥ 95 %", share(accuracy[5]["linear"])],
        ["Fréchet distance, 25 steps", "≤ 1.81", plain(accuracy[25]["frechet"])],
        ["Fréchet distance, 5 steps", "at most 1.3 times", plain(accuracy[5]["frechet"]) +
         f" ({ratio:.2f} times)"],
        ["PSNR, held-out scenes", "≥ 31 dB", fidelity(scenes)],
        ["PSNR, natural photos", "≥ 25 dB", fidelity(photos)],
        ["16 images, 10 steps, with start-up", "≤ 5 s", f"{seconds:.1f} s"],
        ["the model's files", "≤ 30 MB", f"{size:.1f} MB"],
        ["linear probe of the frozen features", "≥ 85 %", percent(linear)]]
    return table(["gate", "wanted", "measured"], rows)


def steps(runner):
    # Heun evaluates twice a step: half the steps cost the same.
    cases = [(solver, shift, count if solver == "euler" else max(1, count // 2))
             for solver in ("euler", "heun") for shift in (0.15, 0.4, 1) for count in (5, 10, 25, 50)]
    settings = [f"steps={count} shift={shift} solver={solver}" for solver, shift, count in cases]
    rows = [[*case, *quality(found)] for case, found in zip(cases, judges.spreads(runner, settings))]
    sheets = [runner.sheet(f"steps-{n}", f"svgdiffuse model={quoted(runner.model)} classes=all "
                           f"num-images=16 batch-size=16 steps={n} ! svgdecode", 16)
              for n in (5, 10, 25, 50)]
    return (table(["solver", "shift", "steps", *QUALITY], rows) +
            "\nThe same noise and classes at 5, 10, 25 and 50 steps:\n\n" + "\n\n".join(sheets) + "\n")


def guidance(runner):
    cases = [("constant", scale) for scale in (1, 1.5, 2.5, 4)] + \
        [(mode, 2.5) for mode in ("linear", "late", "early", "interval", "cfg-star")]
    found = judges.spreads(runner, [f"steps=10 guidance={mode} guidance-scale={scale}"
                                    for mode, scale in cases])
    return table(["guidance", "scale", *QUALITY],
                 [[*case, *quality(spread)] for case, spread in zip(cases, found)])


def maps(runner):
    """Draws t-SNE maps of held-out images in each kind of features as one picture."""
    python = python_with(runner.out / "venv", "scikit-learn", "matplotlib")
    words = []
    for number, (title, frontend) in enumerate(frontends(runner).items()):
        path = runner.features_of(f"{real(12, 'varied')} num-images={HELD_OUT}", f"map-{number}", frontend)
        words.append(f"{title}={path}")
    picture = runner.out / "pictures/maps.png"
    subprocess.run([python, "-m", "tools.experiments.feature_maps", picture, *words],
                   env=os.environ | finding_modules(), check=True)
    return f"![t-SNE maps of features](pictures/{picture.name})\n"


def interpolated(a, b, t, spherical):
    """The noise at t between a and b: straight, or along the sphere that noise lies on."""
    if not spherical:
        return [(1 - t) * x + t * y for x, y in zip(a, b)]
    norms = math.sqrt(sum(x * x for x in a)), math.sqrt(sum(y * y for y in b))
    angle = math.acos(sum(x * y for x, y in zip(a, b)) / (norms[0] * norms[1]))
    left, right = (math.sin((1 - t) * angle) / math.sin(angle), math.sin(t * angle) / math.sin(angle))
    return [left * x + right * y for x, y in zip(a, b)]


def write_noise(path, rows, tokens):
    """Writes rows of noise as a safetensors file for initial-noise."""
    shape = [len(rows), tokens, len(rows[0]) // tokens]
    data = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
    media.write_safetensors(path, {"noise": ("F32", shape, data)})


def interpolation(runner):
    """Goes from one noise to another, straight and along the sphere: a video, and scores half-way."""
    card = json.loads(card_of(runner.model).read_text())
    tokens = card["grid"][0] * card["grid"][1]
    size = tokens * (card["encoder"]["width"] + card["residual"]["outputs"])
    draw = random.Random(1)
    noise = lambda: [draw.gauss(0, 1) for _ in range(size)]
    ends = [(noise(), noise()) for _ in range(4)]
    frames = [[interpolated(a, b, step / 24, spherical) for spherical in (False, True)
               for a, b in ends] for step in range(25)]
    path = runner.out / "interpolation.safetensors"
    write_noise(path, [row for frame in frames for row in frame], tokens)
    video = runner.out / "pictures/interpolation.webm"
    generate = (f"svgdiffuse model={quoted(runner.model)} initial-noise={quoted(path)} "
                "classes=1,5,8,12")
    runner.measure(f"{generate} num-images={8 * 25} batch-size=8 framerate=96/1 steps=10 "
                   "! svgdecode grid-columns=4 ! videoconvert ! vp8enc deadline=1 ! "
                   f"webmmux ! filesink location={quoted(video)}")
    rows = []
    pairs = [(noise(), noise()) for _ in range(128)]
    for name, t, spherical in (("an end", 0, False), ("half way, straight", 0.5, False),
                               ("half way, on the sphere", 0.5, True)):
        half = runner.out / f"half-{t}-{spherical}.safetensors"
        write_noise(half, [interpolated(a, b, t, spherical) for a, b in pairs], tokens)
        found = judges.scores(
            runner, f"svgdiffuse model={quoted(runner.model)} initial-noise={quoted(half)} "
            "num-images=128 classes=all batch-size=32 steps=10 ! svgdecode")
        rows.append([name, percent(found["linear"]), f"{found['frechet']:.2f}"])
    return (f"Top row straight, bottom row along the sphere: [{video.name}](pictures/{video.name})\n\n" +
            table(["128 images from", "class accuracy", "Fréchet"], rows))


EXPERIMENTS = {
    "gates": ("The gates of the embedded model", gates),
    "steps": ("Few steps: steps, shift and solver", steps),
    "solvers": ("Fewer evaluations: solvers, and guidance that begins later", solvers),
    "guidance": ("Guidance: modes and scales, 10 steps", guidance),
    "distillation": ("Self-distillation without labels, by its settings", distillation),
    "ablations": ("Residual, alignment and the frozen encoder", ablations),
    "probes": ("What a linear classifier reads", probes),
    "maps": ("Maps of features", maps),
    "interpolation": ("Interpolation in noise", interpolation),
    "systems": ("The systems of the paper, in the small", systems),
    "levers": ("What makes the pictures better, one by one", levers),
    "editing": ("Hearts into stars, by strength", editing),
    "flicker": ("An edited video: flicker and lag", flicker),
}


def section(runner, name):
    """Runs one experiment and keeps its text."""
    title, experiment = EXPERIMENTS[name]
    print(f"\n{title}", flush=True)
    runner.lines = []
    text = experiment(runner)
    print("\n" + text, flush=True)
    text = text.rstrip() + "\n"
    first = runner.lines[0].replace(str(runner.out), "out/experiments").replace(str(ROOT) + "/", "")
    write_text(
        runner.out / f"sections/{name}.md",
        f"## {title}\n\n{text}\n```sh\ntools/experiments/run --only {name} "
        f"--images {runner.images} --seeds {len(runner.seeds)}\n```\n\n"
        f"The first of its {len(set(runner.lines))} lines:\n\n```sh\ngst-launch-1.0 -q {first}\n```\n")


# What stands above this line of the document is written by hand and kept.
MARK = "<!-- Written by tools/experiments/run from here on. -->"


def write(runner, path):
    """Puts all sections that were measured so far into the document."""
    found = {}
    for file in (runner.out / "sections").glob("*.md"):
        found |= sections_of(file.read_text())
    put_sections(path, MARK, found, [title for title, _ in EXPERIMENTS.values()],
                 runner.out / "pictures")


def main():
    parser = argparse.ArgumentParser(prog="tools/experiments/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out/experiments")
    parser.add_argument("--only", nargs="*", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    parser.add_argument("--images", type=int, default=512, help="of each measurement")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--parallel", type=int, default=1, help="lines at a time")
    parser.add_argument("--write", type=pathlib.Path, help="Markdown file for the results")
    options = parser.parse_args()
    runner = ExperimentRunner(options)
    for name in options.only:
        section(runner, name)
    if options.write:
        write(runner, options.write)


if __name__ == "__main__":
    main()
