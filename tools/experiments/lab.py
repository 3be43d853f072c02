# SPDX-License-Identifier: MIT
"""Runs the launch lines of experiments, each once, and has the parts that lines are made of."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

from tools.helpers import media
from tools.helpers.environment import KEEPING_MEMORY, ROOT, finding_modules, python_with
from tools.helpers.files import write_text
from tools.helpers.launch import quoted, shown, words
from tools.release.release import digest, halved

REFERENCES, HELD_OUT = 4096, 1024  # real images
# Where one branch of a line gives something only at its end, the other waits.
WAIT = "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0"
SPREAD = ("linear", "frechet", "precision", "recall")


class ExperimentRunner:
    """Runs launch lines, each once, and keeps what they print in OUT/cells."""

    def __init__(self, options):
        self.out = options.out.resolve()
        self.model, self.images = options.model, options.images
        self.seeds = range(1, 1 + options.seeds)
        self.parallel = options.parallel
        self.environment = KEEPING_MEMORY | os.environ  # of what runs
        for folder in ("cells", "pictures", "sections"):
            (self.out / folder).mkdir(parents=True, exist_ok=True)
        card = json.loads(card_of(self.model).read_text())
        self.identity = json.dumps({k: v for k, v in card.items() if k not in ("training", "description")})
        self.lines = []  # of the experiment that runs now

    def measure(self, line, makes=None, complete=None):
        """{"seconds", "results"}: what the line prints as JSON, merged; the last of a key wins.

        A line that `makes` a file runs again when the file is gone. `complete` adds to the results what
        follows from files that the line wrote, before they are kept.
        """
        line_words = words(line)
        line = shown(line_words)
        self.lines.append(line)
        # The key depends on the model and the line, not on where the files lie.
        text = self.portable(line)
        key = hashlib.sha256(
            (self.identity + text + self.trainings(text)).encode()).hexdigest()[:24]
        cell = self.out / "cells" / f"{key}.json"
        if cell.exists() and (makes is None or makes.exists()):
            return json.loads(cell.read_text())
        print(f"  gst-launch-1.0 -q {line}", flush=True)
        start = time.monotonic()
        done = subprocess.run([ROOT / "tools/run", "gst-launch-1.0", "-q", *line_words],
                              env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        seconds = time.monotonic() - start
        if done.returncode != 0:
            sys.exit(f"experiments: a line failed: {line}")
        results = {}
        for text in done.stdout.splitlines():
            if text.startswith("{") and '"label"' not in text and '"frame":' not in text:
                results |= json.loads(text)
        if complete is not None:
            results |= complete()
        found = {"line": line, "seconds": round(seconds, 2), "results": results}
        write_text(cell, json.dumps(found, indent=1) + "\n")
        return found

    def portable(self, text):
        """Of a line, what does not depend on where the files lie."""
        return text.replace(str(self.out), "OUT").replace(str(self.model), "MODEL")

    def trainings(self, text):
        """Digests of the logs of the variants in a line: a variant that is trained anew counts as new."""
        logs = [log for folder, name in sorted(set(re.findall(r"OUT/(ablations|systems|distillation)/([\w-]+)", text)))
                for log in sorted((self.out / folder / name).glob("*.jsonl"))]
        return "".join(map(digest, logs))

    def train(self, line, folder, made):
        """Runs the line of a trainer to its end, or goes on; an error where the folder holds what another
        line trained."""
        kept = folder / "line.txt"
        text = shown(words(line))
        if kept.exists() and kept.read_text() != text:
            sys.exit(f"experiments: {folder} was trained by another line: remove it to train it anew")
        folder.mkdir(parents=True, exist_ok=True)
        write_text(kept, text)
        if not made.exists():
            self.measure(line, makes=made)

    def train_recipe(self, recipe, out, *arguments):
        """Runs a recipe in a folder of its own with tools/train, or goes on."""
        out.mkdir(parents=True, exist_ok=True)
        file = out / "recipe.json"
        write_text(file, json.dumps(recipe, indent=1))
        with (out / "train.log").open("a") as log:
            code = subprocess.run([ROOT / "tools/train", file, out, *arguments], env=self.environment,
                                  stdout=log, stderr=subprocess.STDOUT, check=False).returncode
        if code != 0:
            sys.exit(f"experiments: training failed, see {out}/train.log")

    def number(self, line, key):
        return self.measure(line)["results"][key]

    def map(self, function, items):
        """[function(item)], as many at a time as --parallel says, each with its share of the cores."""
        before = self.environment
        if self.parallel > 1:
            self.environment = before | {"OMP_NUM_THREADS": str(max(1, os.cpu_count() // self.parallel))}
        try:
            with concurrent.futures.ThreadPoolExecutor(self.parallel) as pool:
                return list(pool.map(function, items))
        finally:
            self.environment = before

    def features_of(self, images, name, frontend):
        """The file of what `frontend` makes of images."""
        path = self.out / f"{name}.safetensors"
        if not path.exists():
            self.measure(f"{images} ! {frontend} ! svgfrechet location={quoted(path)} ! fakesink",
                         makes=path)
        return path

    def generated(self, seed, settings, model=None):
        return (f"svgdiffuse model={quoted(model or self.model)} classes=all seed={seed} "
                f"num-images={self.images} batch-size=32 {settings} ! svgdecode")

    def psnr(self, source, latents):
        """Compares reconstructions with their originals, which wait in a queue."""
        return self.measure(
            f"{source} ! tee name=t  svgmetrics name=m ! fdsink  t. ! {WAIT} ! m.reference  "
            f"t. ! queue ! {latents} ! svgdecode ! video/x-raw,format=RGB ! m.test")["results"]

    def probe(self, frontend):
        """k-NN and linear accuracy of what `frontend` makes of pictures, held-out images scored."""
        return self.measure(
            f"svgprobe name=p ! fdsink  "
            f"{real(11, 'varied')} num-images={REFERENCES} ! {frontend} ! queue ! p.reference  "
            f"{real(12, 'varied')} num-images={HELD_OUT} ! {frontend} ! queue ! p.test")["results"]

    def draw(self, module, *arguments):
        """Runs a module that draws, with matplotlib."""
        python = python_with(self.out / "venv-plots", "matplotlib")
        subprocess.run([python, "-m", module, *arguments], env=os.environ | finding_modules(), check=True)

    def random_encoder(self):
        """The card of an encoder of the model's sizes that has learned nothing."""
        folder = self.out / "random"
        card = folder / "step-00000001/card.json"
        if not card.exists():
            self.measure(f"svgscenesrc size=64 ! svgtrainencoder model={quoted(self.model)} "
                         f"checkpoint={quoted(folder)} learning-rate=0 weight-decay=0 ema-decay=0 "
                         "max-steps=1 batch-size=2 seed=5", makes=card)
        return card

    def sheet(self, name, pictures, columns):
        """Writes the pictures of a line as one file; the Markdown that shows it."""
        path = self.out / "pictures" / f"{name}.png"
        self.measure(f"{pictures} grid-columns={columns} ! videoconvert ! pngenc snapshot=true ! "
                     f"filesink location={quoted(path)}", makes=path)
        return f"![{name}]({path.parent.name}/{path.name})"


def kept(runner, name, data):
    """A file of raw bytes under a name that says what is in it, so that lines are measured anew."""
    path = runner.out / f"{name}-{hashlib.sha256(data).hexdigest()[:8]}.rgb"
    path.write_bytes(data)
    return path


def card_of(model):
    path = pathlib.Path(model)
    for candidate in (path, path / "card.json", ROOT / "models" / model / "card.json"):
        if candidate.is_file():
            return candidate
    sys.exit(f"experiments: no card at {model}")


def real(seed, backgrounds="plain"):
    return f"svgscenesrc size=64 classes=all backgrounds={backgrounds} seed={seed}"


def features(card):
    return f"svgencode model={quoted(card)} features=semantic batch-size=32"


def latents(card, alignment="fixed"):
    """The middle of a line: pictures to latents of a model."""
    return f"svgencode model={quoted(card)} batch-size=32 ! svgalign statistics={alignment}"


def folder_name(name):
    """The folder of what a table calls by this name."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def percent(value):
    return f"{100 * value:.1f} %"


def share(pair):
    mean, spread = pair
    return percent(mean) + ("" if spread is None else f" ± {100 * spread:.1f}")


def plain(pair):
    mean, spread = pair
    return f"{mean:.2f}" + ("" if spread is None else f" ± {spread:.2f}")


def spread_of(scores, keys=SPREAD):
    """{key: (mean, half the range)}, where the range of a single score is None."""
    found = {}
    for key in keys:
        values = [score[key] for score in scores]
        found[key] = statistics.mean(values), (max(values) - min(values)) / 2 if len(values) > 1 else None
    return found


QUALITY = ["class accuracy", "Fréchet", "precision", "recall"]


def quality(spread):
    """The cells below QUALITY."""
    return [share(spread["linear"]),
            *(plain(spread[key]) for key in SPREAD[1:])]


def pack(checkpoint, card, sizes):
    """Writes a trained encoder beside its card, in float16: the card is `sizes` and a checksum."""
    weights = card.with_name("encoder.safetensors")
    card.parent.mkdir(parents=True, exist_ok=True)
    tensors = media.read_safetensors(checkpoint / "ema.safetensors")
    media.write_safetensors(weights, {name: halved(name, value) for name, value in tensors.items()})
    entry = sizes["encoder"] | {"file": weights.name, "sha256": digest(weights)}
    write_text(card, json.dumps(sizes | {"encoder": entry}, indent=1) + "\n")
