# SPDX-License-Identifier: MIT
"""What self-distillation learns without a label: curves of a linear probe over pictures seen.

usage: python -m tools.experiments.distillation CHECKPOINT      packs it as the encoder without labels

The training as the recipe has it, with other targets throughout, and over its first pictures with settings
that differ in one thing.
"""

import json
import pathlib
import sys

from tools.experiments.lab import features, folder_name, pack, percent
from tools.helpers.document import table
from tools.helpers.environment import ROOT
from tools.helpers.files import write_text
from tools.helpers.launch import quoted

RECIPE = json.loads((ROOT / "tools/recipes/mini.json").read_text())
MODEL = {key: RECIPE["model"][key] for key in ("patch", "grid", "encoder", "classes")} | {"name": "free"}
FREE = ROOT / "tools/experiments/encoders/free/card.json"
TRAINING = RECIPE["encoder"] | {"checkpoints-kept": 1000}
# Trainings as long as the recipe's: {name: what differs}.
LONG = {"Sinkhorn's targets, then centering (the recipe)": {}, "Sinkhorn's targets throughout": {"targets": "sinkhorn"},
        "centering throughout": {"sinkhorn-steps": 0}}
SHORT, CHECKPOINTS = 38400, 3  # pictures of each other setting, and how often it is probed
# {name: (what differs, more of the dataset)}.
SETTINGS = {
    "the recipe's": ({}, ""),
    "batch 128, 512 prototypes": ({"batch-size": 128, "prototypes": 512}, ""),
    "learning rate 0.003": ({"learning-rate": 0.003}, ""),
    "colours kept (hue 0.1)": ({"hue": 0.1}, ""),
    "2 local views": ({"local-views": 2}, ""),
    "no patch term": ({"patch-weight": 0}, ""),
    "teacher momentum 0.996": ({"ema-decay": 0.996}, ""),
    "LayerScale from 0.1": ({"layer-scale": 0.1}, ""),
    "mean patch scored": ({"view-token": "mean"}, ""),
    "plain backgrounds": ({}, "backgrounds=plain"),
}


def settings_of(name):
    """The settings of a training, and more of its dataset."""
    if name in LONG:
        return TRAINING | LONG[name], ""
    changes, data = SETTINGS[name]
    settings = TRAINING | changes
    steps = SHORT // settings["batch-size"]
    return settings | {"max-steps": steps, "checkpoint-interval": steps // CHECKPOINTS}, data


def train(runner, name):
    """Trains an encoder from nothing, or goes on: {pictures seen: card of the checkpoint}."""
    settings, data = settings_of(name)
    folder = runner.out / "distillation" / folder_name(name)
    seed = folder / "seed.json"
    folder.mkdir(parents=True, exist_ok=True)
    write_text(seed, json.dumps(MODEL))
    words = " ".join(f"{key}={value}" for key, value in settings.items())
    runner.train(f"{RECIPE['encoder-dataset']} {data} ! queue max-size-buffers=256 ! svgtrainencoder "
                 f"model={quoted(seed)} checkpoint={quoted(folder / 'encoder')} "
                 f"log={quoted(folder / 'encoder.jsonl')} resume=true {words}",
                 folder, folder / f"encoder/step-{settings['max-steps']:08d}/card.json")
    return {int(card.parent.name[len("step-"):]) * settings["batch-size"]: card
            for card in sorted((folder / "encoder").glob("step-*/card.json"))}


def doublings(numbers):
    """Of ascending numbers the first, each that is at least twice the one before, and the last."""
    kept = []
    for number in numbers:
        if not kept or number >= 2 * kept[-1]:
            kept.append(number)
    return kept + [n for n in numbers[-1:] if n != kept[-1]]


def curve(runner, name):
    """[(pictures seen, linear probe, k nearest neighbours)] of a training."""
    cards = train(runner, name)
    shown = doublings(list(cards)) if name in LONG else list(cards)
    probes = {pictures: runner.probe(features(cards[pictures])) for pictures in shown}
    return [(pictures, probe["linear"], probe["knn"]) for pictures, probe in probes.items()]


def distillation(runner):
    long = {name: curve(runner, name) for name in LONG}
    curves = {name: curve(runner, name) for name in SETTINGS}
    picture = runner.out / "pictures/distillation.png"
    drawn = runner.out / "distillation.json"
    write_text(drawn, json.dumps({name: [point[:2] for point in points]
                                  for name, points in (long | curves).items()}))
    runner.draw("tools.experiments.curves", picture, "pictures", "linear probe", drawn)
    learned = table(["training", "pictures", "linear probe", "k nearest neighbours"],
                    [[name, pictures, percent(linear), percent(knn)]
                     for name, points in long.items() for pictures, linear, knn in points])
    head = ["setting", *(f"{pictures} pictures" for pictures, *_ in next(iter(curves.values())))]
    rows = [[name, *(percent(linear) for _, linear, _ in points)] for name, points in curves.items()]
    return (f"{learned}\nWhat differs in one thing, over the first pictures:\n\n{table(head, rows)}"
            f"\n![probe over pictures](pictures/{picture.name})\n")


if __name__ == "__main__":
    about = "An encoder that learned by self-distillation on scenes, without a label."
    pack(pathlib.Path(sys.argv[1]), FREE, MODEL | {"license": "MIT", "description": about})
